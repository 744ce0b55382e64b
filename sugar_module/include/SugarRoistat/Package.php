<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the package knows of itself.
 */
final class Package
{
    /** As in the manifest. */
    public const VERSION = '0.1.0';
}
