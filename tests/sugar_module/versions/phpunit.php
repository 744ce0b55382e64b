<?php

// Runs the package's tests under a version of PHP for which PHPUnit itself may be too old: PHPUnit's classes are loaded
// before deprecations count. Arguments: the folder of tests, a scratch folder.

declare(strict_types=1);

[, $tests, $scratch] = $argv;
require_once 'PHPUnit/Autoload.php';
load_phpunit(dirname((string) stream_resolve_include_path('PHPUnit/Autoload.php'), 2));
error_reporting(E_ALL);

// No matter of versions: the scan of the zip, which builds it with a program of the host, and the long search of
// interleavings.
$suite = "<directory>$tests</directory>";
foreach (['PackageScanTest', 'InterleavingTest'] as $class) {
    $suite .= "<exclude>$tests/$class.php</exclude>";
}
file_put_contents("$scratch/phpunit.xml", strtr((string) file_get_contents("$tests/phpunit.xml"), [
    'bootstrap="bootstrap.php"' => "bootstrap=\"$tests/bootstrap.php\"",
    '<directory>.</directory>' => $suite,
]));
$_SERVER['argv'] = ['phpunit', '--configuration', "$scratch/phpunit.xml", '--filter', not_isolated($tests)];
PHPUnit\TextUI\Command::main();

/** There are no processes here, so a test that asks for one of its own is left to the host's PHP. */
function not_isolated(string $tests): string
{
    $isolated = ['no such test'];
    foreach (glob("$tests/*Test.php") ?: [] as $file) {
        $code = (string) file_get_contents($file);
        preg_match_all('/@runInSeparateProcess.*?function (\w+)/s', $code, $found);
        array_push($isolated, ...$found[1]);
    }

    return '/^(?!.*(' . implode('|', $isolated) . '))/';
}

function load_phpunit(string $library): void
{
    foreach (['DeepCopy', 'Doctrine', 'PharIo', 'PHPUnit', 'PhpParser', 'SebastianBergmann', 'TheSeer'] as $folder) {
        $all = new RecursiveDirectoryIterator("$library/$folder", FilesystemIterator::SKIP_DOTS);
        foreach (new RecursiveIteratorIterator($all) as $file) {
            $code = $file->getExtension() === 'php' ? (string) file_get_contents((string) $file) : '';
            $isClass = preg_match('/^(?:abstract |final )*(?:class|interface|trait) (\w+)/m', $code, $class) === 1;
            if ($isClass && preg_match('/^namespace ([\w\\\\]+);/m', $code, $namespace) === 1) {
                class_exists("$namespace[1]\\$class[1]");
            }
        }
    }
}
