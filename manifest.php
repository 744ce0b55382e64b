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
        [
            'from' => '<basepath>/sugar_module/lib/SugarRoistat',
            'to' => 'custom/lib/SugarRoistat',
        ],
        [
            'from' => '<basepath>/sugar_module/src/SugarRoistat',
            'to' => 'custom/src/SugarRoistat',
        ],
        [
            'from' => '<basepath>/sugar_module/modules/Administration',
            'to' => 'custom/modules/Administration',
        ],
    ],
    'hookdefs' => [
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Opportunities/Ext/LogicHooks/sugar_roistat.php',
            'to_module' => 'Opportunities',
        ],
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Contacts/Ext/LogicHooks/sugar_roistat.php',
            'to_module' => 'Contacts',
        ],
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Accounts/Ext/LogicHooks/sugar_roistat.php',
            'to_module' => 'Accounts',
        ],
    ],
    'post_uninstall' => [
        '<basepath>/scripts/remove_leftovers.php',
    ],
    'administration' => [
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Administration/Ext/Administration/sugar_roistat.php',
        ],
    ],
    'action_view_map' => [
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Administration/Ext/ActionViewMap/sugar_roistat.php',
            'to_module' => 'Administration',
        ],
    ],
    'language' => [
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Administration/Ext/Language/en_us.sugar_roistat.php',
            'to_module' => 'Administration',
            'language' => 'en_us',
        ],
        [
            'from' => '<basepath>/sugar_module/Extension/modules/Administration/Ext/Language/ru_ru.sugar_roistat.php',
            'to_module' => 'Administration',
            'language' => 'ru_ru',
        ],
    ],
];
