<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the Module Loader cannot do from the manifest alone. uninstall() undoes install(), but keeps the field: its
 * data is the shop's.
 */
final class Installer
{
    /**
     * Run when the package's files are in place.
     */
    public static function install(): void
    {
        $database = new Database(\DBManagerFactory::getInstance());
        (new RoistatField($database))->create();
        if (!Platform::isSugar()) {
            (new Layouts(new Settings($database)))->add();
        }
    }

    /**
     * Run while the package's files are still in place.
     */
    public static function uninstall(): void
    {
        $settings = new Settings(new Database(\DBManagerFactory::getInstance()));
        if (!Platform::isSugar()) {
            (new Layouts($settings))->remove();
        }
        $settings->clear();
    }
}
