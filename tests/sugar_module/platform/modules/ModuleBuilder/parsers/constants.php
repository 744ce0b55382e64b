<?php

declare(strict_types=1);

define('MB_EDITVIEW', 'editview');
define('MB_DETAILVIEW', 'detailview');
