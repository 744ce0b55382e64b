<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What an answer to a ping means, and what to do about it. Pure.
 */
final class PingReport
{
    /** Seconds between two clocks that are not worth a word: an answer's time has no fractions. */
    private const SAME_TIME = 5;

    /** Seconds from which the difference is a danger; at 300 the receiver refuses. */
    private const TOO_FAR = 120;

    private const LONGEST_QUOTE = 300;

    private const KINDS = ['ok' => Notice::GOOD, 'failed' => Notice::BAD];

    private const CURES = [
        400 => 'LBL_ROISTAT_PING_CHANGED',
        401 => 'LBL_ROISTAT_PING_401',
        403 => 'LBL_ROISTAT_PING_403',
        404 => 'LBL_ROISTAT_PING_404',
        405 => 'LBL_ROISTAT_PING_404',
        413 => 'LBL_ROISTAT_PING_413',
        415 => 'LBL_ROISTAT_PING_CHANGED',
        422 => 'LBL_ROISTAT_PING_422',
        429 => 'LBL_ROISTAT_PING_429',
    ];

    /** Whether the receiver took our signature and can take events. */
    public bool $isWell;

    /** @var Notice[] */
    public array $notices;

    /**
     * @param Notice[] $notices
     */
    private function __construct(bool $isWell, array $notices)
    {
        $this->isWell = $isWell;
        $this->notices = $notices;
    }

    /**
     * The ping could not be sent, or nothing came back.
     */
    public static function failure(Notice ...$why): self
    {
        return new self(false, $why);
    }

    /**
     * @param float $now our clock halfway between question and answer, in seconds since 1970
     */
    public static function ofAnswer(Answer $answer, float $now): self
    {
        if (!$answer->isPong()) {
            return self::failure(self::refusal($answer));
        }
        $said = $answer->json();
        $store = (array) $said['store'];

        return new self(
            self::word($store, 'state') !== 'failed',
            [
                Notice::good('LBL_ROISTAT_PING_WELL', ['{version}' => self::short(self::word($said, 'version'))]),
                self::leg('LBL_ROISTAT_PING_STORE', $store),
                self::leg('LBL_ROISTAT_PING_ROISTAT', (array) ($said['roistat'] ?? [])),
                self::clock(strtotime(self::word($said, 'time')), $now),
            ]
        );
    }

    private static function refusal(Answer $answer): Notice
    {
        return Notice::bad(self::cure($answer->status), [
            '{status}' => (string) $answer->status,
            '{says}' => self::complaints((array) ($answer->json()['errors'] ?? [])),
        ]);
    }

    private static function cure(int $status): string
    {
        if (isset(self::CURES["$status"])) {
            return self::CURES["$status"];
        }
        if ($status >= 300 && $status <= 399) {
            return 'LBL_ROISTAT_PING_REDIRECT';
        }
        if ($status === 503) {
            return 'LBL_ROISTAT_PING_503';
        }

        return $status >= 500 ? 'LBL_ROISTAT_PING_500' : 'LBL_ROISTAT_PING_STRANGE';
    }

    /**
     * @param array<mixed> $errors the receiver's complaints by field
     */
    private static function complaints(array $errors): string
    {
        $lines = [];
        foreach ($errors as $field => $problems) {
            foreach ((array) $problems as $problem) {
                $lines[] = $field . ': ' . (is_string($problem) ? $problem : '?');
            }
        }

        return self::short(implode('; ', $lines));
    }

    /**
     * @param array<mixed> $leg
     */
    private static function leg(string $label, array $leg): Notice
    {
        $kind = self::KINDS[self::word($leg, 'state')] ?? Notice::WARNING;

        return new Notice($kind, $label, ['{says}' => self::short(self::word($leg, 'message'))]);
    }

    /**
     * @param int|false $theirs
     */
    private static function clock($theirs, float $now): Notice
    {
        if ($theirs === false) {
            return Notice::warning('LBL_ROISTAT_PING_NO_CLOCK');
        }
        $difference = (int) round($now - $theirs);
        if (abs($difference) <= self::SAME_TIME) {
            return Notice::good('LBL_ROISTAT_PING_CLOCK_SAME');
        }
        $label = $difference > 0 ? 'LBL_ROISTAT_PING_CLOCK_AHEAD' : 'LBL_ROISTAT_PING_CLOCK_BEHIND';
        $kind = abs($difference) < self::TOO_FAR ? Notice::WARNING : Notice::BAD;

        return new Notice($kind, $label, ['{seconds}' => (string) abs($difference)]);
    }

    /**
     * @param array<mixed> $said
     */
    private static function word(array $said, string $name): string
    {
        return is_string($said["$name"] ?? null) ? $said["$name"] : '';
    }

    private static function short(string $text): string
    {
        return mb_substr($text, 0, self::LONGEST_QUOTE, 'UTF-8');
    }
}
