<?php

// Compiles the files that its arguments name, without running them, and says what this version finds wrong.
// Parse errors are thrown, other errors and deprecations are printed by PHP itself.

declare(strict_types=1);

foreach (array_slice($argv, 1) as $file) {
    try {
        if (!opcache_compile_file($file)) {
            print "$file does not compile\n";
        }
    } catch (\Throwable $error) {
        print $error->getMessage() . ' in ' . $file . ' on line ' . $error->getLine() . "\n";
    }
}
print "compiled\n";
