<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use Fiber;
use GuzzleHttp\Client;
use SugarRoistat\Flush;
use SugarRoistat\Mark;
use SugarRoistat\Outbox;
use SugarRoistat\Sweep;
use SugarRoistat\TestClock;

/**
 * Requests and sweeps in every order of their statements, killed anywhere: what is stored last is what arrives.
 *
 * @requires PHP >= 8.1
 */
final class InterleavingTest extends StoredCrmTestCase
{
    private const WRITE = "UPDATE opportunities SET name = ";

    /** @var array{string, string} fence and name of the newest state that the receiver got */
    private array $received;

    public function test_two_saves_of_one_deal_lose_nothing_in_any_order_wherever_one_is_killed(): void
    {
        $steps = $this->steps('A');
        $runs = 0;
        foreach ($this->orders($steps, $steps) as $order) {
            foreach ([null, 'A', 'B'] as $killed) {
                $this->play($order, $killed === null ? [] : [$killed => intdiv(crc32($order), 7) % ($steps + 1)]);
                $runs++;
            }
        }

        self::assertGreaterThan(5000, $runs);
    }

    public function test_a_killed_save_is_found_by_the_sweep_wherever_it_was_killed(): void
    {
        $steps = $this->steps('A');
        for ($step = 0; $step <= $steps; $step++) {
            $this->play(str_repeat('A', $steps), ['A' => $step]);
        }

        self::assertGreaterThan(5, $steps);
    }

    public function test_a_sweep_amid_two_saves_takes_nothing_that_is_still_being_written(): void
    {
        mt_srand(1);
        $steps = $this->steps('A');
        for ($run = 0; $run < 2000; $run++) {
            $letters = str_split(str_repeat('A', $steps) . str_repeat('B', $steps) . str_repeat('S', 2 * $steps));
            $order = '';
            while ($letters !== []) {
                [$letter] = array_splice($letters, mt_rand(0, count($letters) - 1), 1);
                $order .= $letter;
            }
            $this->play($order, $run % 3 === 0 ? [] : ['A' => mt_rand(0, $steps)], $run % 2 === 0);
        }

        self::assertSame(2000, $run);
    }

    /**
     * @param string             $order  whose statement runs next: saves A and B, sweep S
     * @param array<string, int> $killed after how many statements who dies
     * @param bool               $waited whether the deal's row waits from long ago
     */
    private function play(string $order, array $killed, bool $waited = false): void
    {
        $this->begin($waited);
        $fibers = [];
        $done = ['A' => 0, 'B' => 0, 'S' => 0];
        foreach (str_split($order . str_repeat('ABS', 60)) as $who) {
            if ($done[$who]++ >= ($killed[$who] ?? PHP_INT_MAX) || ($who === 'S' && strpos($order, 'S') === false)) {
                continue;
            }
            $fibers[$who] = $fibers[$who] ?? new Fiber(fn () => $this->act($who));
            $this->step($fibers[$who]);
        }
        $this->settle();
        $stored = $this->db->all('SELECT name FROM opportunities')[0]['name'];
        $story = $order . ' ' . json_encode($killed);
        self::assertSame($stored, $this->received[1], $story);
        self::assertSame([], $this->waiting(), $story);
        // Killed ones must not send from their destructor, as a killed process does not.
        $this->db->broken = true;
        Client::$onPost = null;
    }

    private function begin(bool $waited): void
    {
        $this->setUp();
        $this->set('pinged_at', (string) time());
        $this->received = ['', 'stored'];
        Client::$onPost = function (): void {
            $body = json_decode(array_pop(Client::$posts)[1]['body'], true);
            foreach ($body['data']['events'] as $event) {
                $this->received = max($this->received, [$event['timestamp'], $event['data']['name']]);
            }
        };
        if ($waited) {
            $this->outbox->mark(Mark::DEAL, 'deal-1');
            TestClock::$ahead = Outbox::OWNED;
        }
    }

    private function act(string $who): void
    {
        if ($who === 'S') {
            (new Sweep($this->database))->run();
            return;
        }
        $flush = new Flush();
        $flush->mark(Mark::DEAL, 'deal-1');
        $this->db->query(self::WRITE . "'$who'");
        $flush->mark(Mark::DEAL, 'deal-1');
        $flush->now();
    }

    private function step(Fiber $fiber): void
    {
        if (!$fiber->isStarted()) {
            $fiber->start();
        } elseif (!$fiber->isTerminated()) {
            $fiber->resume();
        }
    }

    /** Nobody runs any more; cron goes on. */
    private function settle(): void
    {
        for ($minute = 0; $minute < 2; $minute++) {
            TestClock::$ahead += Outbox::OWNED + 1;
            (new Sweep($this->database))->run();
        }
    }

    /** How many statements a save has. */
    private function steps(string $who): int
    {
        $this->begin(false);
        $fiber = new Fiber(fn () => $this->act($who));
        for ($steps = 0; !$fiber->isTerminated(); $steps++) {
            $this->step($fiber);
        }

        return $steps;
    }

    /** @return iterable<string> */
    private function orders(int $first, int $second): iterable
    {
        if ($first === 0 || $second === 0) {
            yield str_repeat('A', $first) . str_repeat('B', $second);
            return;
        }
        foreach ($this->orders($first - 1, $second) as $rest) {
            yield 'A' . $rest;
        }
        foreach ($this->orders($first, $second - 1) as $rest) {
            yield 'B' . $rest;
        }
    }
}
