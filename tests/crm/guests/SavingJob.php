<?php

declare(strict_types=1);

namespace SuiteCRM\Custom\RoistatTests;

/**
 * Another package's job in the CRM's queue: it saves a deal.
 */
final class SavingJob implements \RunnableSchedulerJob
{
    public function setJob(\SchedulersJob $job): void
    {
    }

    /**
     * @param mixed $data
     */
    public function run($data): bool
    {
        $values = json_decode((string) base64_decode((string) $data), true);
        $bean = \BeanFactory::getBean('Opportunities', $values['id']);
        $bean->name = $values['name'];
        $bean->save();

        return true;
    }
}
