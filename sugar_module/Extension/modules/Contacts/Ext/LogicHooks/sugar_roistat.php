<?php

// Before the write too: a process that dies in between must have left its mark.

$hook_array['before_save'][] = [
    1,
    'Mark the client for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\ClientHook',
    'changed',
];
$hook_array['after_save'][] = [
    1,
    'Mark the client for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\ClientHook',
    'changed',
];
$hook_array['before_relationship_add'][] = [
    1,
    'Mark the client for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\ClientHook',
    'linked',
];
$hook_array['after_relationship_add'][] = [
    1,
    'Mark the client for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\ClientHook',
    'linked',
];
$hook_array['before_relationship_delete'][] = [
    1,
    'Mark the client for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\ClientHook',
    'linked',
];
$hook_array['after_relationship_delete'][] = [
    1,
    'Mark the client for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\ClientHook',
    'linked',
];
