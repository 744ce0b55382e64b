<?php

// Every class of the package. Paths are literal and relative to the CRM's folder, as SugarCRM's scanner asks.

declare(strict_types=1);

require_once 'custom/include/SugarRoistat/NotSent.php';
require_once 'custom/include/SugarRoistat/Platform.php';
require_once 'custom/include/SugarRoistat/StoredValue.php';
require_once 'custom/include/SugarRoistat/ClientSnapshot.php';
require_once 'custom/include/SugarRoistat/DealSnapshot.php';
require_once 'custom/include/SugarRoistat/Database.php';
require_once 'custom/include/SugarRoistat/ClientReader.php';
require_once 'custom/include/SugarRoistat/DealReader.php';
require_once 'custom/include/SugarRoistat/Settings.php';
require_once 'custom/include/SugarRoistat/WebhookSigner.php';
require_once 'custom/include/SugarRoistat/ExternalResourceTransport.php';
require_once 'custom/include/SugarRoistat/GuzzleTransport.php';
require_once 'custom/include/SugarRoistat/WebhookSender.php';
require_once 'custom/include/SugarRoistat/OpportunityHook.php';
require_once 'custom/include/SugarRoistat/RoistatField.php';
require_once 'custom/include/SugarRoistat/Layouts.php';
require_once 'custom/include/SugarRoistat/Installer.php';
