<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The CRM's scheduler that runs the sweep every minute. An administrator may change it; an upgrade keeps that.
 */
final class SweepSchedule implements Part
{
    private const NAME = 'Roistat: send what waits';

    private Database $database;

    public function __construct(Database $database)
    {
        $this->database = $database;
    }

    public function install(): void
    {
        $existing = $this->database->row(
            'SELECT id FROM schedulers WHERE deleted = 0 AND job = ' . $this->database->quoted($this->job())
        );
        if ($existing !== null) {
            return;
        }
        $scheduler = \BeanFactory::newBean('Schedulers');
        $scheduler->name = self::NAME;
        $scheduler->job = $this->job();
        $scheduler->date_time_start = '2015-01-01 00:00:00';
        $scheduler->date_time_end = '';
        $scheduler->job_interval = '*::*::*::*::*';
        $scheduler->status = 'Active';
        $scheduler->catch_up = 0;
        $scheduler->created_by = '1';
        $scheduler->modified_user_id = '1';
        $scheduler->save(false);
    }

    /**
     * For good: a row of the queue whose class is missing would end the whole of each cron run.
     */
    public function uninstall(): void
    {
        $job = $this->database->quoted($this->job());
        $this->database->change(
            'DELETE FROM job_queue WHERE target = ' . $job
            . ' OR scheduler_id IN (SELECT id FROM schedulers WHERE job = ' . $job . ')'
        );
        $this->database->change('DELETE FROM schedulers WHERE job = ' . $job);
    }

    private function job(): string
    {
        return Platform::isSugar()
            ? 'class::Sugarcrm\Sugarcrm\custom\SugarRoistat\SweepJob'
            : 'class::SuiteCRM\Custom\SugarRoistat\SweepJob';
    }
}
