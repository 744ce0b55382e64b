<?php

declare(strict_types=1);

// The CRM's folder: small stand-ins at the paths where the platforms keep the real ones.
set_include_path(__DIR__ . '/platform' . PATH_SEPARATOR . get_include_path());
require_once 'suitecrm.php';
require_once 'sqlite.php';
require_once 'clock.php';
require_once 'pages.php';

spl_autoload_register(static function (string $class): void {
    $places = [
        'SugarRoistat\\Tests\\' => __DIR__,
        'SugarRoistat\\' => dirname(__DIR__, 2) . '/sugar_module/include/SugarRoistat',
    ];
    foreach ($places as $prefix => $folder) {
        if (strpos($class, $prefix) === 0) {
            $file = $folder . '/' . substr($class, strlen($prefix)) . '.php';
            if (is_file($file)) {
                require_once $file;
                return;
            }
        }
    }
});
