<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Sends marked records to the receiver, and settles each in the outbox by the answer.
 */
final class Dispatcher
{
    /** Events in one body, as the contract allows. */
    public const BATCH = 100;

    /** Bytes of one body: the contract's 512 KiB, less the envelope and a little. */
    private const BYTES = 500000;

    /** A record whose batches the receiver broke down over so often travels alone: it may be the cause. */
    private const ALONE_AFTER = 3;

    /** Seconds below which no call is begun. */
    private const SHORTEST = 0.1;

    private EventReader $reader;

    private WebhookSender $sender;

    private Outbox $outbox;

    public function __construct(EventReader $reader, WebhookSender $sender, Outbox $outbox)
    {
        $this->reader = $reader;
        $this->sender = $sender;
        $this->outbox = $outbox;
    }

    /**
     * @throws NotSent when the settings are unusable
     */
    public static function on(Database $database, Settings $settings): self
    {
        $sender = WebhookSender::fromSettings($settings);

        return new self(EventReader::on($database), $sender, new Outbox($database));
    }

    /**
     * @param array<int, Mark> $marks at most BATCH
     * @param bool             $own   whether this request marked them
     * @param float            $until when to stop, in seconds since 1970; what is left stays in the outbox
     *
     * @return bool whether there was time for all
     *
     * @throws NotSent when the receiver is away or takes nothing: nothing more will pass just now
     */
    public function dispatch(array $marks, bool $own, float $until): bool
    {
        $events = $this->reader->read($marks);
        $this->outbox->clear(array_diff_key($marks, $events), $own);
        $batches = $this->batches($marks, $events);
        while ($batches !== []) {
            $seconds = $until - microtime(true);
            if ($seconds < self::SHORTEST) {
                return false;
            }
            $batch = array_shift($batches);
            $sent = array_intersect_key($marks, $batch);
            $answer = $this->send($sent, $batch, $seconds);
            if ($answer->isAccepted()) {
                $this->outbox->clear($sent, $own);
            } else {
                $batches = array_merge($this->rest($answer, $sent, $batch), $batches);
            }
        }

        return true;
    }

    /**
     * @param array<int, Mark>                 $marks
     * @param array<int, array<string, mixed>> $events
     *
     * @return array<int, array<int, string>> encoded events by the marks' keys, small enough together
     */
    private function batches(array $marks, array $events): array
    {
        $batches = [];
        $alone = [];
        $bytes = self::BYTES;
        foreach ($events as $key => $event) {
            $encoded = Json::encode($event);
            if ($this->isSuspect($marks["$key"])) {
                $alone[]["$key"] = $encoded;
                continue;
            }
            $bytes += strlen($encoded) + 1;
            if ($bytes > self::BYTES) {
                $batches[] = [];
                $bytes = strlen($encoded) + 1;
            }
            $batches[count($batches) - 1]["$key"] = $encoded;
        }

        return array_merge($batches, $alone);
    }

    private function isSuspect(Mark $mark): bool
    {
        return $mark->attempts >= self::ALONE_AFTER && $mark->answer === NotSent::brokeDown()->getMessage();
    }

    /**
     * @param array<int, Mark>   $marks
     * @param array<int, string> $events encoded
     *
     * @return Answer one that accepts them, or objects to them and not to us
     */
    private function send(array $marks, array $events, float $seconds): Answer
    {
        try {
            $answer = $this->sender->send($this->body($events), $seconds);
            $this->checkThatItIsAboutThem($answer, count($events));
        } catch (NotSent $problem) {
            $this->outbox->fail($marks, $problem->getMessage());
            throw $problem;
        }

        return $answer;
    }

    private function checkThatItIsAboutThem(Answer $answer, int $count): void
    {
        $objections = $answer->objections($count);
        if (!$answer->isAccepted() && $answer->status !== Answer::TOO_LARGE && $objections === []) {
            throw NotSent::refused($answer->status);
        }
        foreach ($objections as $objection) {
            if (strpos($objection, 'timestamp: ') === 0) {
                throw NotSent::clockAhead();
            }
        }
    }

    /**
     * Keeps as refused what the receiver will never take as it is.
     *
     * @param array<int, Mark>   $marks
     * @param array<int, string> $events encoded
     *
     * @return array<int, array<int, string>> the batches that are left
     */
    private function rest(Answer $answer, array $marks, array $events): array
    {
        if ($answer->status !== Answer::TOO_LARGE) {
            $keys = array_keys($events);
            foreach ($answer->objections(count($keys)) as $number => $objection) {
                $key = $keys["$number"];
                $this->outbox->refuse([$marks["$key"]], Answer::INVALID . ' ' . $objection);
                unset($events["$key"]);
            }

            return $events === [] ? [] : array_chunk($events, self::BATCH, true);
        }
        if (count($events) > 1) {
            return array_chunk($events, (int) ceil(count($events) / 2), true);
        }
        $this->outbox->refuse($marks, Answer::TOO_LARGE . ' larger than the receiver takes');

        return [];
    }

    /**
     * @param array<int, string> $events encoded
     */
    private function body(array $events): string
    {
        return '{"type":"batch","timestamp":"' . $this->reader->readAt() . '","data":{"events":['
            . implode(',', $events) . ']}}';
    }
}
