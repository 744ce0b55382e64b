<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Which of the two products we are in.
 */
final class Platform
{
    /**
     * SugarCRM 11 and later; otherwise it is SuiteCRM.
     */
    public static function isSugar(): bool
    {
        return class_exists('Sugarcrm\Sugarcrm\DependencyInjection\Container');
    }
}
