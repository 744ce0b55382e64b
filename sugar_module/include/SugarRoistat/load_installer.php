<?php

// The classes that install and uninstall, which no save needs. SuiteViewDefinitions has to wait for its parent.

declare(strict_types=1);

require_once 'custom/include/SugarRoistat/load.php';
require_once 'custom/include/SugarRoistat/Part.php';
require_once 'custom/include/SugarRoistat/CustomFiles.php';
require_once 'custom/include/SugarRoistat/PackageFiles.php';
require_once 'custom/include/SugarRoistat/Storage.php';
require_once 'custom/include/SugarRoistat/FieldLabel.php';
require_once 'custom/include/SugarRoistat/RoistatField.php';
require_once 'custom/include/SugarRoistat/Placement.php';
require_once 'custom/include/SugarRoistat/PanelRow.php';
require_once 'custom/include/SugarRoistat/ListColumn.php';
require_once 'custom/include/SugarRoistat/SearchInputs.php';
require_once 'custom/include/SugarRoistat/LayoutView.php';
require_once 'custom/include/SugarRoistat/SuiteView.php';
require_once 'custom/include/SugarRoistat/SidecarView.php';
require_once 'custom/include/SugarRoistat/Layouts.php';
require_once 'custom/include/SugarRoistat/SweepSchedule.php';
require_once 'custom/include/SugarRoistat/Installer.php';
