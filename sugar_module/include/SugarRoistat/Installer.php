<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the Module Loader cannot do from the manifest alone. uninstall() undoes install() in reverse order.
 *
 * A part that fails is logged and left out: the CRM must never be left with half an installation.
 */
final class Installer
{
    /**
     * Run when the package's files are in place.
     */
    public static function install(): void
    {
        foreach (self::parts() as $part) {
            try {
                $part->install();
            } catch (\Throwable $problem) {
                Log::failure('a part was not installed', $problem);
            }
        }
    }

    /**
     * Run while the package's files are still in place.
     */
    public static function uninstall(): void
    {
        foreach (array_reverse(self::parts()) as $part) {
            try {
                $part->uninstall();
            } catch (\Throwable $problem) {
                Log::failure('a part was not uninstalled', $problem);
            }
        }
    }

    /**
     * The scheduler comes last and goes first: cron must never meet a job that lacks what it needs.
     *
     * @return Part[]
     */
    private static function parts(): array
    {
        $db = \DBManagerFactory::getInstance();
        $database = new Database($db);
        $settings = new Settings($database);
        $field = new RoistatField($db, $settings);

        return [
            new PackageFiles(),
            new Storage($db, $settings),
            $field,
            new Layouts($settings, $field, Platform::isSugar() ? SidecarView::all() : SuiteView::all($field)),
            new SweepSchedule($database),
        ];
    }
}
