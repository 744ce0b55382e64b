<?php

$action_view_map['sugarroistat'] = 'sugarroistat';
