<?php

// Only literals: SugarCRM 13.3 and later refuses a manifest that calls, declares or guards anything.

$manifest = [
    'name' => 'Roistat',
    'description' => 'Sends every deal to Roistat seconds after it was saved.',
    'author' => 'Roistat for SugarCRM contributors',
    'version' => '0.1.0',
    'published_date' => '2026-11-21',
    'key' => 'roistat',
    'type' => 'module',
    'is_uninstallable' => true,
    'remove_tables' => false,
    'acceptable_sugar_flavors' => [],
    'acceptable_sugar_versions' => [
        'exact_matches' => [],
        'regex_matches' => [
            '^6\.5\.',
            '^(1[1-9]|2[0-6])\.',
        ],
    ],
    'acceptable_suitecrm_versions' => [
        'exact_matches' => [],
        'regex_matches' => [
            '^7\.1[2-9]\.',
        ],
    ],
];

$installdefs = [
    'id' => 'sugar_roistat',
    'copy' => [
        [
            'from' => '<basepath>/sugar_module/include/SugarRoistat',
            'to' => 'custom/include/SugarRoistat',
        ],
    ],
    'hookdefs' => [
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Opportunities/Ext/LogicHooks/sugar_roistat.php',
            'to_module' => 'Opportunities',
        ],
    ],
    'language' => [
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Opportunities/Ext/Language/en_us.sugar_roistat.php',
            'to_module' => 'Opportunities',
            'language' => 'en_us',
        ],
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Opportunities/Ext/Language/ru_ru.sugar_roistat.php',
            'to_module' => 'Opportunities',
            'language' => 'ru_ru',
        ],
    ],
];
