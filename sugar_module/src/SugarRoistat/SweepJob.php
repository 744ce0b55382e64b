<?php

declare(strict_types=1);

namespace Sugarcrm\Sugarcrm\custom\SugarRoistat;

require_once 'custom/include/SugarRoistat/load.php';

/**
 * The scheduler's job in SugarCRM, which finds the class by its name and place:
 * Module Loader's Disable leaves it there.
 */
final class SweepJob implements \RunnableSchedulerJob
{
    private string $jobId = '';

    /**
     * @param \SchedulersJob $job its row in the queue
     */
    public function setJob(\SchedulersJob $job): void
    {
        $this->jobId = (string) $job->id;
    }

    /**
     * @param mixed $data none
     */
    public function run($data): bool
    {
        return \SugarRoistat\Sweep::runJob($this->jobId);
    }
}
