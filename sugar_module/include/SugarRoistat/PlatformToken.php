<?php

declare(strict_types=1);

namespace SugarRoistat;

use Sugarcrm\Sugarcrm\Security\Csrf\CsrfAuthenticator;

/**
 * The token that SugarCRM itself asks of every posted form. SuiteCRM asks none.
 */
final class PlatformToken
{
    /**
     * @return array{name: string, value: string}|null a hidden input
     */
    public static function field(): ?array
    {
        if (!class_exists('Sugarcrm\Sugarcrm\Security\Csrf\CsrfAuthenticator')) {
            return null;
        }

        return [
            'name' => CsrfAuthenticator::FORM_TOKEN_FIELD,
            'value' => CsrfAuthenticator::getInstance()->getFormToken(),
        ];
    }
}
