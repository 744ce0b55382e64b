<?php

// Before the write too: a process that dies in between must have left its mark.

$hook_array['before_save'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'changed',
];
$hook_array['after_save'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'changed',
];
$hook_array['before_delete'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'changed',
];
$hook_array['after_delete'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'changed',
];
$hook_array['before_restore'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'changed',
];
$hook_array['after_restore'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'changed',
];
$hook_array['before_relationship_add'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'linked',
];
$hook_array['after_relationship_add'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'linked',
];
$hook_array['before_relationship_delete'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'linked',
];
$hook_array['after_relationship_delete'][] = [
    1,
    'Mark the deal for Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'linked',
];
