<?php

// Every class of the package. Paths are literal and relative to the CRM's folder, as SugarCRM's scanner asks.

declare(strict_types=1);

require_once 'custom/include/SugarRoistat/NotSent.php';
require_once 'custom/include/SugarRoistat/DatabaseFailed.php';
require_once 'custom/include/SugarRoistat/Log.php';
require_once 'custom/include/SugarRoistat/Package.php';
require_once 'custom/include/SugarRoistat/Platform.php';
require_once 'custom/include/SugarRoistat/StoredValue.php';
require_once 'custom/include/SugarRoistat/Json.php';
require_once 'custom/include/SugarRoistat/Address.php';
require_once 'custom/include/SugarRoistat/Cipher.php';
require_once 'custom/include/SugarRoistat/Database.php';
require_once 'custom/include/SugarRoistat/Settings.php';
require_once 'custom/include/SugarRoistat/Mark.php';
require_once 'custom/include/SugarRoistat/Outbox.php';
require_once 'custom/include/SugarRoistat/Answer.php';
require_once 'custom/include/SugarRoistat/WebhookSigner.php';
require_once 'custom/include/SugarRoistat/ExternalResourceTransport.php';
require_once 'custom/include/SugarRoistat/GuzzleTransport.php';
require_once 'custom/include/SugarRoistat/WebhookSender.php';
require_once 'custom/include/SugarRoistat/ClientSnapshot.php';
require_once 'custom/include/SugarRoistat/DealSnapshot.php';
require_once 'custom/include/SugarRoistat/ClientReader.php';
require_once 'custom/include/SugarRoistat/DealModule.php';
require_once 'custom/include/SugarRoistat/DealReader.php';
require_once 'custom/include/SugarRoistat/EventReader.php';
require_once 'custom/include/SugarRoistat/Breaker.php';
require_once 'custom/include/SugarRoistat/Dispatcher.php';
require_once 'custom/include/SugarRoistat/Ping.php';
require_once 'custom/include/SugarRoistat/Flush.php';
require_once 'custom/include/SugarRoistat/Sweep.php';
require_once 'custom/include/SugarRoistat/Notice.php';
require_once 'custom/include/SugarRoistat/PageSession.php';
require_once 'custom/include/SugarRoistat/PlatformToken.php';
require_once 'custom/include/SugarRoistat/PingReport.php';
require_once 'custom/include/SugarRoistat/ConnectionTest.php';
require_once 'custom/include/SugarRoistat/Secrets.php';
require_once 'custom/include/SugarRoistat/Period.php';
require_once 'custom/include/SugarRoistat/Crontab.php';
require_once 'custom/include/SugarRoistat/RecordLink.php';
require_once 'custom/include/SugarRoistat/SettingsPage.php';
require_once 'custom/include/SugarRoistat/SettingsView.php';
require_once 'custom/include/SugarRoistat/OpportunityHook.php';
require_once 'custom/include/SugarRoistat/ClientHook.php';
