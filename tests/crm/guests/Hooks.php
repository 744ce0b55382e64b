<?php

declare(strict_types=1);

namespace RoistatTests;

/**
 * What another package's hooks do to a deal while the CRM saves it.
 */
final class Hooks
{
    private static bool $busy = false;

    /**
     * Saves the same deal again, through a bean of its own, before the CRM is done with the first save.
     */
    public function saveAgain(\SugarBean $bean): void
    {
        if (self::$busy) {
            return;
        }
        self::$busy = true;
        $again = \BeanFactory::getBean('Opportunities', $bean->id, ['use_cache' => false]);
        $again->next_step = 'Set by a hook within the save';
        $again->save();
        self::$busy = false;
    }

    /**
     * Dies as under the out-of-memory killer: no destructor runs.
     */
    public function dieAtOnce(): void
    {
        posix_kill(getmypid(), SIGKILL);
    }
}
