<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Turns marked records into webhook events, as they are stored now.
 */
final class EventReader
{
    private Database $database;

    private DealReader $deals;

    private ClientReader $clients;

    private string $readAt = '';

    public function __construct(Database $database, DealReader $deals, ClientReader $clients)
    {
        $this->database = $database;
        $this->deals = $deals;
        $this->clients = $clients;
    }

    public static function on(Database $database): self
    {
        return new self($database, new DealReader($database, DealModule::load()), new ClientReader($database));
    }

    /**
     * @param array<int, Mark> $marks
     *
     * @return array<int, array<string, mixed>> events by the marks' keys; none for a record that is not stored, and
     *                                          none for a contact or an account that is no deal's client
     */
    public function read(array $marks): array
    {
        // Before the reads: a change that commits in between must carry the later time.
        $this->readAt = $this->database->now();
        $events = $this->dealEvents(self::ids($marks, Mark::DEAL));
        $contacts = $this->clients->contacts(self::ids($marks, Mark::CONTACT));
        $accounts = $this->clients->accounts(self::ids($marks, Mark::ACCOUNT));
        foreach ($contacts + $accounts as $id => $client) {
            $events["$id"] = ClientSnapshot::event($this->readAt, $client);
        }

        return self::byMark($marks, $events);
    }

    /**
     * The database's clock just before the last read: the fence of its events.
     */
    public function readAt(): string
    {
        return $this->readAt;
    }

    /**
     * @param string[] $ids
     *
     * @return array<string, array<string, mixed>> by id
     */
    private function dealEvents(array $ids): array
    {
        $events = [];
        $clients = $this->clients->clientsOf($ids);
        foreach ($this->deals->read($ids) as $id => $deal) {
            $events["$id"] = DealSnapshot::event($this->readAt, $deal, $clients["$id"] ?? null);
        }

        return $events;
    }

    /**
     * @param array<int, Mark> $marks
     *
     * @return string[]
     */
    private static function ids(array $marks, string $kind): array
    {
        $ids = [];
        foreach ($marks as $mark) {
            if ($mark->kind === $kind) {
                $ids[] = $mark->id;
            }
        }

        return $ids;
    }

    /**
     * @param array<int, Mark>                    $marks
     * @param array<string, array<string, mixed>> $events
     *
     * @return array<int, array<string, mixed>>
     */
    private static function byMark(array $marks, array $events): array
    {
        $found = [];
        foreach ($marks as $key => $mark) {
            $event = $events[$mark->id] ?? null;
            if ($event !== null) {
                $found["$key"] = $event;
            }
        }

        return $found;
    }
}
