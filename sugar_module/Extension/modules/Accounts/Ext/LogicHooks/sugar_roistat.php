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
