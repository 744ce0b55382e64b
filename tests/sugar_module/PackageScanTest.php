<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;

final class PackageScanTest extends TestCase
{
    /** @dataProvider files */
    public function test_no_scanner_has_a_reason_to_refuse_a_file(string $path): void
    {
        self::assertSame([], PackageScanner::scan($path, (string) file_get_contents($path)));
    }

    /** @return iterable<string, array{string}> */
    public function files(): iterable
    {
        $root = dirname(__DIR__, 2);
        yield 'manifest.php' => [$root . '/manifest.php'];
        $all = new \RecursiveDirectoryIterator($root . '/sugar_module', \FilesystemIterator::SKIP_DOTS);
        foreach (new \RecursiveIteratorIterator($all) as $file) {
            yield substr((string) $file, strlen($root) + 1) => [(string) $file];
        }
    }

    /** @dataProvider violations */
    public function test_a_planted_violation_is_found(string $code, string $name = 'a.php'): void
    {
        self::assertNotSame([], PackageScanner::scan($name, $code));
    }

    /** @return array<string, array{0: string, 1?: string}> */
    public function violations(): array
    {
        return [
            'file type' => ['<?php', 'readme.md'],
            'no file type' => ['<?php', 'LICENSE'],
            'plain text' => ['text', 'readme.txt'],
            'echo' => ['<?php echo 1;'],
            'entry point guard' => ["<?php defined('sugarEntry') || die;"],
            'backticks' => ['<?php `ls`;'],
            'output' => ["<?php ?>\ntext"],
            'file read' => ["<?php file_get_contents('x');"],
            'file read from a namespace' => ["<?php \\file_get_contents('x');"],
            'file test' => ["<?php is_file('x');"],
            'callback' => ["<?php array_map('trim', []);"],
            'sort by callback' => ['<?php usort($a, null);'],
            'error handler' => ['<?php set_error_handler(null);'],
            'raw sockets' => ['<?php curl_init();'],
            'denied word as index' => ["<?php \$a['file'] = 1;"],
            'denied word returned' => ["<?php return 'link';"],
            'declared get' => ['<?php class A { function get() {} }'],
            'denied class' => ['<?php new \ZipArchive();'],
            'denied class, imported' => ['<?php use ReflectionClass;'],
            'denied static class' => ['<?php SugarAutoLoader::touch();'],
            'denied method' => ["<?php \$log->setLevel('debug');"],
            'variable function' => ['<?php $f();'],
            'variable index' => ['<?php $a[$k] = 1;'],
            'variable method' => ['<?php $o->$m();'],
            'variable class' => ['<?php new $c;'],
            'static call on a variable' => ['<?php $c::x();'],
            'include by expression' => ["<?php require_once \$dir . '/a.php';"],
            'include from above' => ["<?php require_once '../a.php';"],
            'include by stream' => ["<?php require_once 'phar://a.php';"],
            'absolute include' => ["<?php require_once '/a.php';"],
        ];
    }

    public function test_what_scanners_allow_is_allowed(): void
    {
        $code = <<<'PHP'
            <?php
            $a->get('x');
            $a["$k"] = hash_hmac('sha256', $body, $key, true);
            $a[$b->id] = json_encode(['file' => 1]);
            require_once 'custom/include/a.php';
            PHP;

        self::assertSame([], PackageScanner::scan('a.php', $code));
    }
}
