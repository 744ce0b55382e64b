<?php

declare(strict_types=1);

// Stands where the package's own lies in a CRM; the tests load its classes by name.
