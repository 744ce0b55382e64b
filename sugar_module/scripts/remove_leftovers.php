<?php

declare(strict_types=1);

// Called by the Module Loader when it has removed the package's files. The class was loaded before that.
if (class_exists('SugarRoistat\PackageFiles', false)) {
    SugarRoistat\PackageFiles::removeLeftovers();
}
