<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the receiver answered.
 */
final class Answer
{
    public const ACCEPTED = 202;

    public const TOO_LARGE = 413;

    public const INVALID = 422;

    public int $status;

    public string $body;

    public function __construct(int $status, string $body)
    {
        $this->status = $status;
        $this->body = $body;
    }

    /**
     * Whether events are stored. A 200 does not say so: any web page answers that.
     */
    public function isAccepted(): bool
    {
        return $this->status === self::ACCEPTED;
    }

    /**
     * Whether a receiver of ours answered a ping.
     */
    public function isPong(): bool
    {
        return $this->status === 200 && isset($this->json()['version'], $this->json()['store']);
    }

    /**
     * @return array<string, mixed> the body as JSON; empty when it is none
     */
    public function json(): array
    {
        $decoded = json_decode($this->body, true);

        return is_array($decoded) ? $decoded : [];
    }

    /**
     * What a 422 says is wrong with single events of a batch.
     *
     * @param int $count how many events the batch had
     *
     * @return array<int, string> field and message, by the event's number
     */
    public function objections(int $count): array
    {
        $objections = [];
        $errors = $this->status === self::INVALID ? ($this->json()['errors'] ?? []) : [];
        foreach (is_array($errors) ? $errors : [] as $path => $messages) {
            $isEvent = preg_match('/^data\.events\.(\d{1,4})\.(.+)$/D', (string) $path, $found) === 1;
            if ($isEvent && (int) $found[1] < $count) {
                $words = is_array($messages) ? reset($messages) : $messages;
                $objections += [(int) $found[1] => $found[2] . ': ' . (is_string($words) ? $words : '')];
            }
        }

        return $objections;
    }
}
