<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The CRM's database refused a query. The CRM has logged which; the message here quotes nothing.
 */
final class DatabaseFailed extends \RuntimeException
{
    public function __construct()
    {
        parent::__construct('the database refused a query');
    }
}
