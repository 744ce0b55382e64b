<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use PHPUnit\Framework\TestCase;

final class PackageScanTest extends TestCase
{
    /** @dataProvider files */
    public function test_no_scanner_has_a_reason_to_refuse_a_file(string $name, string $content): void
    {
        self::assertSame([], PackageScanner::scan($name, $content));
    }

    /** @return iterable<string, array{string, string}> every file of the zip as it is built, by its path there */
    public function files(): iterable
    {
        $zip = exec('python3 ' . escapeshellarg(dirname(__DIR__, 2) . '/tools/package.py'));
        $inside = "phar://$zip/";
        foreach (new \RecursiveIteratorIterator(new \PharData((string) $zip)) as $file) {
            $name = substr((string) $file, strlen($inside));
            yield $name => [$name, (string) file_get_contents((string) $file)];
        }
    }

    public function test_the_whole_zip_is_scanned(): void
    {
        $names = array_keys(iterator_to_array($this->files()));

        self::assertContains('manifest.php', $names);
        self::assertContains('sugar_module/LICENSE.txt', $names);
        self::assertContains('scripts/post_install.php', $names);
        self::assertContains('sugar_module/include/SugarRoistat/load.php', $names);
    }

    /** @dataProvider violations */
    public function test_a_planted_violation_is_found(string $problem, string $content, string $name = 'a.php'): void
    {
        self::assertContains($problem, PackageScanner::scan($name, $content));
    }

    /** @return array<string, array{0: string, 1: string, 2?: string}> */
    public function violations(): array
    {
        return [
            'file type' => ['file type', '<?php', 'readme.md'],
            'data file' => ['file type', '<?php', 'data.json'],
            'no file type' => ['file type', '<?php', 'LICENSE'],
            'the CRM\'s settings' => ['file name', '<?php', 'custom/config_override.php'],
            'the CRM\'s list of files' => ['file name', '<?php', 'files.md5'],
            'hidden file' => ['file name', '<?php', 'custom/.htaccess.txt'],
            'path to above' => ['file name', '<?php', 'custom/../../a.php'],
            'absolute path' => ['file name', '<?php', '/a.php'],
            'plain text' => ['no <? in it', 'text', 'readme.txt'],
            'plain script' => ['no <? in it', 'let a = 1;', 'a.js'],
            'plain style' => ['no <? in it', 'a { color: red }', 'a.css'],
            'plain template' => ['no <? in it', '<p>{$A}</p>', 'a.tpl'],
            'plain XML' => ['no <? in it', '<?xml version="1.0"?><a/>', 'a.xml'],
            'short tag' => ['short opening tag', "<?\nfoo();"],
            'mark before more text' => ['short opening tag', 'The mark <? and more', 'a.txt'],
            'echo' => ['construct echo', '<?php echo 1;'],
            'echo by tag' => ['construct <?=', '<?= 1 ?>'],
            'print' => ['construct print', '<?php print 1;'],
            'exit' => ['construct exit', '<?php exit(1);'],
            'entry point guard' => ['construct die', "<?php defined('sugarEntry') || die;"],
            'eval' => ['construct eval', "<?php eval('1;');"],
            'hidden data' => ['construct __halt_compiler', '<?php __halt_compiler();text'],
            'backticks' => ['construct `', '<?php `ls`;'],
            'text after the code' => ["construct text\n", "<?php ?>\ntext\n"],
            'file read' => ['function file_get_contents', "<?php file_get_contents('x');"],
            'file read from a namespace' => ['function file_get_contents', "<?php \\file_get_contents('x');"],
            'file write, of the CRM' => ['function sugar_file_put_contents', "<?php sugar_file_put_contents('x', '');"],
            'array written to a file' => ['function write_array_to_file', "<?php write_array_to_file('a', [], 'x');"],
            'file test' => ['function is_file', "<?php is_file('x');"],
            'folder' => ['function scandir', "<?php scandir('x');"],
            'program' => ['function shell_exec', "<?php shell_exec('ls');"],
            'callback' => ['function array_map', "<?php array_map('trim', []);"],
            'callback in a pattern' => ['function preg_replace_callback', "<?php preg_replace_callback('/a/', b, '');"],
            'sort by callback' => ['function usort', '<?php usort($a, null);'],
            'call by name' => ['function call_user_func_array', "<?php call_user_func_array('a', []);"],
            'error handler' => ['function set_error_handler', '<?php set_error_handler(null);'],
            'end of request' => ['function register_shutdown_function', '<?php register_shutdown_function(null);'],
            'setting of the server' => ['function ini_set', "<?php ini_set('a', '1');"],
            'log of the server' => ['function error_log', "<?php error_log('a');"],
            'output buffer' => ['function ob_get_clean', '<?php ob_get_clean();'],
            'dump' => ['function print_r', '<?php print_r($a);'],
            'curl' => ['function curl_init', '<?php curl_init();'],
            'raw socket' => ['function socket_create', '<?php socket_create(1, 2, 3);'],
            'stream' => ['function stream_context_create', '<?php stream_context_create();'],
            'connection' => ['function fsockopen', "<?php fsockopen('a');"],
            'denied word as index' => ['function file', "<?php \$a['file'] = 1;"],
            'denied word at the end of a list' => ['function link', "<?php \$a = ['id', 'link'];"],
            'denied word returned' => ['function link', "<?php return 'link';"],
            'declared get' => ['function get', '<?php class A { function get() {} }'],
            'denied class' => ['class ziparchive', '<?php new \ZipArchive();'],
            'denied class, imported' => ['class reflectionclass', '<?php use ReflectionClass;'],
            'denied class, extended' => ['class pdo', '<?php class A extends PDO {}'],
            'denied class, named' => ['class splfileobject', "<?php \$a = 'SplFileObject';"],
            'denied static class' => ['class sugarautoloader', '<?php SugarAutoLoader::touch();'],
            'denied method' => ['method setlevel', "<?php \$log->setLevel('debug');"],
            'variable function' => ['variable $f(', '<?php $f();'],
            'variable index' => ['variable $k]', '<?php $a[$k] = 1;'],
            'variable in a list' => ['variable $b]', '<?php $a = [$b];'],
            'variable method' => ['variable $m(', '<?php $o->$m();'],
            'variable static method' => ['variable $m(', '<?php A::$m();'],
            'variable class' => ['dynamic name $c', '<?php new $c;'],
            'class by expression' => ['call of an expression', "<?php new ('A' . 'B')();"],
            'variable variable' => ['dynamic name $a', '<?php $$a = 1;'],
            'variable by expression' => ['dynamic name in braces', "<?php \${'a'} = 1;"],
            'method by expression' => ['dynamic name in braces', "<?php \$o->{'a'}();"],
            'static method by expression' => ['dynamic name in braces', "<?php A::{'a'}();"],
            'variable by name in a string' => ['dynamic name in a string', '<?php $a = "${b}";'],
            'static call on a variable' => ['variable $c::', '<?php $c::x();'],
            'call of a string' => ['call of an expression', "<?php 'trim'('a');"],
            'call of an array' => ['call of an expression', "<?php ['A', 'b']();"],
            'call of a result' => ['call of an expression', '<?php a()();'],
            'call of a closure' => ['call of an expression', '<?php (function () {})();'],
            'include by expression' => ['include $dir', "<?php require_once \$dir . '/a.php';"],
            'include from above' => ['include ../a.php', "<?php require_once '../a.php';"],
            'include by stream' => ['include phar://a.php', "<?php require_once 'phar://a.php';"],
            'absolute include' => ['include /a.php', "<?php require_once '/a.php';"],
            'include of no code' => ['include a.txt', "<?php include 'a.txt';"],
            'code in a text' => ['construct echo', "text\n<?php echo 1;", 'a.txt'],
            'code in a template' => ['function readfile', "{* <?php readfile('x'); *}", 'a.tpl'],
            'code in a template by Smarty' => ['code in a template', "{* <?php *}\n{php}1;{/php}", 'a.tpl'],
            'file in a template' => ['code in a template', "{* <?php *}{fetch file='x'}", 'a.tpl'],
            'script from elsewhere' =>
                ['code from elsewhere', '{* <?php *}<script src="//a.example">', 'a.tpl'],
            'style from elsewhere' =>
                ['code from elsewhere', '/* <?php */ a { background: url(//b.example) }', 'a.css'],
            'script from text' => ['code from text', "/* <?php */ eval('1');", 'a.js'],
            'script from delayed text' => ['code from text', "/* <?php */ setTimeout('a()', 1);", 'a.js'],
            'script that writes the page' => ['written page', '/* <?php */ document.write(a);', 'a.js'],
        ];
    }

    /** @dataProvider allowed */
    public function test_what_scanners_allow_is_allowed(string $content, string $name = 'a.php'): void
    {
        self::assertSame([], PackageScanner::scan($name, $content));
    }

    /** @return array<string, array{0: string, 1?: string}> */
    public function allowed(): array
    {
        return [
            'called get' => ["<?php \$a->get('x'); A::open('x'); \$a->file = \$b->link;"],
            'hashes and ciphers' => ['<?php hash_hmac("sha256", $b, $k, true); openssl_encrypt($a, $m, $k);'],
            'random bytes' => ['<?php base64_encode(random_bytes(24));'],
            'JSON' => ["<?php \$a[\$b->id] = json_encode(['file' => 1]);"],
            'patterns' => ["<?php preg_replace('/a/', 'b', \$c); preg_match('/a/', \$c, \$m);"],
            'sorting' => ['<?php sort($a); ksort($a); array_keys($a); array_unique($a);'],
            'tests for names' => ["<?php class_exists('A'); function_exists('a'); method_exists(\$a, 'b');"],
            'variable index in quotes' => ['<?php $a["$k"] = 1;'],
            'constant index' => ['<?php $a[self::B] = $b[0];'],
            'variable field' => ['<?php $a->$b = 1;'],
            'static field' => ['<?php self::$a = new self(); self::$a->b();'],
            'closure that is handed over' => ['<?php $a = static function (): void {}; b($a);'],
            'casts' => ['<?php $a = (string) ($b ?? 1);'],
            'literal include' => ["<?php require_once 'custom/include/a.php';"],
            'denied words as text' => ["<?php \$a = 'file'; b('get');"],
            'marked text' => ["text\nthe mark: <?\n", 'a.txt'],
            'marked template' =>
                ["{* <?php *}\n<p>{\$A|escape}</p>\n{literal}<script>a();</script>{/literal}", 'a.tpl'],
            'marked script' => ['/* <?php */ setTimeout(a, 1);', 'a.js'],
            'marked style' => ['/* <?php */ a { background: url(b.png) }', 'a.css'],
        ];
    }
}
