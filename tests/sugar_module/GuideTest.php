<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;

final class GuideTest extends TestCase
{
    private const ROOT = __DIR__ . '/../..';

    /** @dataProvider messages */
    public function test_the_guide_explains_every_message(string $message): void
    {
        $start = preg_split('/[{(]/', $message)[0];
        $guide = (string) file_get_contents(self::ROOT . '/docs/admin-guide.md');

        self::assertStringContainsString(trim(mb_substr($start, 0, 20), ' :'), $guide);
    }

    /** @return array<string, array{string}> */
    public function messages(): array
    {
        $mod_strings = [];
        require self::ROOT . '/sugar_module/Extension/modules/Administration/Ext/Language/en_us.sugar_roistat.php';
        $messages = [];
        foreach (glob(self::ROOT . '/sugar_module/include/SugarRoistat/*.php') as $file) {
            $code = (string) file_get_contents($file);
            preg_match_all("/'(LBL_ROISTAT_\w+)'/", $code, $labels);
            foreach ($labels[1] as $label) {
                self::assertArrayHasKey($label, $mod_strings);
                $messages[$label] = [$mod_strings[$label]];
            }
            preg_match_all("/Log::(?:say|failure)\('([^']+)'/", $code, $lines);
            foreach ($lines[1] as $line) {
                $messages[$line] = [$line];
            }
        }

        return $messages;
    }
}
