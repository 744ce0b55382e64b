<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;

final class ManifestTest extends TestCase
{
    private const ROOT = __DIR__ . '/../..';

    public function test_holds_nothing_but_literals(): void
    {
        $allowed = [
            T_OPEN_TAG,
            T_COMMENT,
            T_WHITESPACE,
            T_VARIABLE,
            T_CONSTANT_ENCAPSED_STRING,
            T_LNUMBER,
            T_DOUBLE_ARROW,
            '=',
            '[',
            ']',
            ',',
            ';',
        ];
        foreach (token_get_all((string) file_get_contents(self::ROOT . '/manifest.php')) as $token) {
            $kind = is_array($token) ? $token[0] : $token;
            $text = is_array($token) ? $token[1] : $token;
            self::assertTrue(
                in_array($kind, $allowed, true) || in_array($text, ['true', 'false'], true),
                "not a literal: $text"
            );
            if ($kind === T_VARIABLE) {
                self::assertContains($text, ['$manifest', '$installdefs']);
            }
        }
    }

    /** @dataProvider versions */
    public function test_is_offered_to_the_versions_that_it_is_made_for(string $key, string $version, bool $fits): void
    {
        $matches = array_filter(
            $this->manifest()[$key]['regex_matches'],
            static function (string $pattern) use ($version): bool {
                return preg_match("/$pattern/", $version) === 1;
            }
        );

        self::assertSame($fits, $matches !== []);
    }

    /** @return iterable<string, array{string, string, bool}> */
    public function versions(): iterable
    {
        foreach (['6.5.25', '11.0.0', '12.3.1', '14.0.2', '25.2.0', '26.1.0'] as $version) {
            yield "Sugar $version" => ['acceptable_sugar_versions', $version, true];
        }
        foreach (['6.4.0', '7.9.0', '10.3.0', '27.1.0', '111.0.0'] as $version) {
            yield "Sugar $version" => ['acceptable_sugar_versions', $version, false];
        }
        yield 'SuiteCRM 7.12.14' => ['acceptable_suitecrm_versions', '7.12.14', true];
        yield 'SuiteCRM 7.14.6' => ['acceptable_suitecrm_versions', '7.14.6', true];
        yield 'SuiteCRM 7.11.20' => ['acceptable_suitecrm_versions', '7.11.20', false];
        yield 'SuiteCRM 8.6.0' => ['acceptable_suitecrm_versions', '8.6.0', false];
    }

    public function test_every_source_is_in_the_package_and_every_file_is_installed(): void
    {
        $named = [];
        foreach ($this->installdefs() as $section) {
            foreach (is_array($section) ? $section : [] as $entry) {
                // Scripts stand at the root of the zip.
                $source = is_array($entry)
                    ? str_replace('<basepath>/', self::ROOT . '/', $entry['from'])
                    : str_replace('<basepath>/', self::ROOT . '/sugar_module/', $entry);
                self::assertFileExists($source);
                $named[] = (string) realpath($source);
            }
        }
        $named[] = (string) realpath(self::ROOT . '/sugar_module/scripts');
        $named[] = (string) realpath(self::ROOT . '/sugar_module/README.txt');

        foreach ($this->files('sugar_module') as $file) {
            $covered = array_filter($named, static function (string $source) use ($file): bool {
                return $file === $source || strpos($file, $source . '/') === 0;
            });
            self::assertNotSame([], $covered, "$file is in no installdefs");
        }
    }

    public function test_extension_files_have_names_of_their_own(): void
    {
        $targets = [];
        $others = ['copy' => 0, 'language' => 0, 'post_uninstall' => 0];
        foreach (array_diff_key($this->installdefs(), $others) as $section => $entries) {
            foreach (is_array($entries) ? $entries : [] as $entry) {
                $targets[] = $section . ' ' . ($entry['to_module'] ?? '') . ' ' . basename($entry['from']);
                self::assertSame('sugar_roistat.php', basename($entry['from']));
            }
        }

        self::assertSame(array_unique($targets), $targets, 'one would overwrite the other');
    }

    public function test_every_hook_names_a_file_and_a_method_of_ours(): void
    {
        $hook_array = [];
        foreach ($this->installdefs()['hookdefs'] as $entry) {
            require str_replace('<basepath>', self::ROOT, $entry['from']);
        }

        self::assertNotSame([], $hook_array);
        foreach ($hook_array as $hooks) {
            foreach ($hooks as [$order, $label, $file, $class, $method]) {
                self::assertIsInt($order);
                self::assertFileExists(str_replace('custom/', self::ROOT . '/sugar_module/', $file));
                self::assertTrue(method_exists($class, $method), "$class::$method");
                self::assertStringNotContainsString("'", $label, 'it would break the file that the CRM writes');
            }
        }
    }

    public function test_the_two_load_files_name_every_class_and_a_save_loads_no_installer(): void
    {
        $folder = self::ROOT . '/sugar_module/include/SugarRoistat/';
        $load = (string) file_get_contents($folder . 'load.php');
        $all = $load . file_get_contents($folder . 'load_installer.php')
            . file_get_contents($folder . 'SuiteView.php');
        foreach ($this->files('sugar_module/include') as $file) {
            if (strpos(basename($file), 'load') !== 0) {
                self::assertStringContainsString("'custom/include/SugarRoistat/" . basename($file) . "'", $all);
            }
        }
        self::assertStringNotContainsString('Installer', $load);
    }

    public function test_each_reserved_script_declares_the_function_that_is_called_unconditionally(): void
    {
        foreach (['post_install', 'pre_uninstall'] as $script) {
            self::assertStringContainsString(
                'function ' . $script . '()',
                (string) file_get_contents(self::ROOT . '/sugar_module/scripts/' . $script . '.php')
            );
        }
    }

    public function test_both_languages_have_the_same_labels(): void
    {
        $labels = [];
        foreach ($this->installdefs()['language'] as $entry) {
            $mod_strings = [];
            require str_replace('<basepath>', self::ROOT, $entry['from']);
            $labels[$entry['to_module']][$entry['language']] = array_keys($mod_strings);
        }

        self::assertNotSame([], $labels);
        foreach ($labels as $module => $languages) {
            self::assertSame(['en_us', 'ru_ru'], array_keys($languages), $module);
            self::assertSame($languages['en_us'], $languages['ru_ru'], $module);
        }
    }

    /** @return array<string, mixed> */
    private function manifest(): array
    {
        $manifest = [];
        require self::ROOT . '/manifest.php';

        return $manifest;
    }

    /** @return array<string, mixed> */
    private function installdefs(): array
    {
        $installdefs = [];
        require self::ROOT . '/manifest.php';

        return $installdefs;
    }

    /** @return iterable<string> */
    private function files(string $folder): iterable
    {
        $all = new \RecursiveDirectoryIterator(self::ROOT . '/' . $folder, \FilesystemIterator::SKIP_DOTS);
        foreach (new \RecursiveIteratorIterator($all) as $file) {
            yield (string) realpath((string) $file);
        }
    }
}
