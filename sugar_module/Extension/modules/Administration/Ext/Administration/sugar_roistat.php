<?php

$admin_option_defs = [];
$admin_option_defs['Administration']['sugar_roistat'] = [
    'Connectors',
    'LBL_ROISTAT_SETTINGS',
    'LBL_ROISTAT_SETTINGS_DESC',
    './index.php?module=Administration&action=SugarRoistat',
    'connectors',
];
$admin_group_header[] = ['LBL_ROISTAT_PANEL', '', false, $admin_option_defs, 'LBL_ROISTAT_PANEL_DESC'];
