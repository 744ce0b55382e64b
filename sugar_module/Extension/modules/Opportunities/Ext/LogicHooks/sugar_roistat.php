<?php

// The high number lets other packages' hooks finish with the deal first.
$hook_array['after_save'][] = [
    1000,
    'Send the saved deal to Roistat',
    'custom/include/SugarRoistat/load.php',
    'SugarRoistat\OpportunityHook',
    'afterSave',
];
