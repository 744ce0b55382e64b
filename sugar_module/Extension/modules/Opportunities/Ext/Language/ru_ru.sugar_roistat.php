<?php

$mod_strings['LBL_ROISTAT'] = 'roistat';
