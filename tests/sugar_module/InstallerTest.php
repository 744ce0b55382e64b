<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use SugarRoistat\Layouts;
use SugarRoistat\LayoutView;
use SugarRoistat\PanelRow;
use SugarRoistat\RoistatField;
use SugarRoistat\Settings;
use SugarRoistat\SweepSchedule;

/**
 * What installing decides by itself; that the real CRM obeys is seen in tests/crm.
 */
final class InstallerTest extends StoredCrmTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->db->change('CREATE TABLE schedulers (id TEXT, job TEXT, deleted INT DEFAULT 0)');
        $this->db->change('CREATE TABLE fields_meta_data (id TEXT, name TEXT, custom_module TEXT, vname TEXT,'
            . ' comments TEXT, deleted INT DEFAULT 0)');
        $this->db->put('fields_meta_data', ['name' => 'roistat_c', 'custom_module' => 'Opportunities']);
    }

    /** @dataProvider panels */
    public function test_a_row_of_our_own_comes_and_goes_without_a_trace(array $panels): void
    {
        $row = new PanelRow('EditView');
        $before = ['EditView' => ['templateMeta' => ['maxColumns' => '2'], 'panels' => $panels]];

        $with = $row->add($before);

        self::assertFalse($row->isIn($before));
        self::assertTrue($row->isIn($with));
        self::assertSame($before, $row->remove($with));
    }

    /** @return array<string, array{array<int|string, mixed>}> */
    public function panels(): array
    {
        return [
            'named panels' => [['main' => [['name', 'amount'], ['description']], 'other' => [['team']]]],
            'rows alone' => [[['name', 'amount'], ['description']]],
            'fields with definitions' => [['main' => [[['name' => 'name', 'label' => 'LBL'], '']]]],
        ];
    }

    public function test_a_field_that_an_administrator_put_beside_another_leaves_that_one_in_its_place(): void
    {
        $row = new PanelRow('EditView');
        $defs = ['EditView' => ['panels' => ['main' => [['name', ['name' => 'roistat_c']], ['roistat_c', 'amount']]]]];

        self::assertSame([['name'], ['', 'amount']], $row->remove($defs)['EditView']['panels']['main']);
    }

    public function test_layouts_get_the_field_once_and_an_administrators_removal_outlives_upgrades(): void
    {
        $view = $this->view();
        $this->layouts($view)->install();
        $this->layouts($view)->install();
        self::assertSame(1, $view->added);

        $view->shown = false;
        $this->layouts($view)->install();
        self::assertSame(1, $view->added);
    }

    public function test_a_layout_that_showed_the_field_before_us_is_not_touched(): void
    {
        $view = $this->view();
        $view->shown = true;

        $this->layouts($view)->install();
        $this->layouts($view)->uninstall();

        self::assertSame([0, 0, 0], [$view->added, $view->removed, $view->reset]);
    }

    public function test_a_stock_layout_is_stock_again_and_a_customised_one_only_loses_the_field(): void
    {
        $stock = $this->view();
        $this->layouts($stock)->install();
        $this->layouts($stock)->uninstall();
        self::assertSame([0, 1], [$stock->removed, $stock->reset]);

        $this->set('layouts', '');
        $changedSince = $this->view();
        $this->layouts($changedSince)->install();
        $changedSince->print = 'changed by an administrator';
        $this->layouts($changedSince)->uninstall();
        self::assertSame([1, 0], [$changedSince->removed, $changedSince->reset]);

        $this->set('layouts', '');
        $customised = $this->view();
        $customised->custom = true;
        $this->layouts($customised)->install();
        $this->layouts($customised)->uninstall();
        self::assertSame([1, 0], [$customised->removed, $customised->reset]);
    }

    public function test_a_layout_that_fails_is_logged_and_the_others_are_done(): void
    {
        $broken = $this->view();
        $broken->broken = true;
        $fine = $this->view();
        $fine->name = 'Opportunities/listview';

        (new Layouts($this->settings(), $this->field(), [$broken, $fine]))->install();

        self::assertSame(1, $fine->added);
        self::assertCount(1, $this->log->lines);
    }

    public function test_uninstalling_takes_the_scheduler_and_its_queue_and_no_other(): void
    {
        $ours = 'class::SuiteCRM\Custom\SugarRoistat\SweepJob';
        $this->db->put('schedulers', ['id' => 'ours', 'job' => $ours]);
        $this->db->put('schedulers', ['id' => 'theirs', 'job' => 'function::pollMonitoredInboxes']);
        $this->db->put('job_queue', ['id' => '1', 'scheduler_id' => 'ours', 'target' => $ours]);
        $this->db->put('job_queue', ['id' => '2', 'scheduler_id' => 'theirs', 'target' => 'x']);

        (new SweepSchedule($this->database))->uninstall();

        self::assertSame(['theirs'], array_column($this->db->all('SELECT id FROM schedulers'), 'id'));
        self::assertSame(['2'], array_column($this->db->all('SELECT id FROM job_queue'), 'id'));
    }

    public function test_a_scheduler_that_is_there_is_left_as_the_administrator_has_it(): void
    {
        $this->db->put('schedulers', ['id' => 'ours', 'job' => 'class::SuiteCRM\Custom\SugarRoistat\SweepJob']);

        (new SweepSchedule($this->database))->install();

        self::assertCount(1, $this->db->all('SELECT id FROM schedulers'));
    }

    private function settings(): Settings
    {
        return new Settings($this->database);
    }

    private function field(): RoistatField
    {
        return new RoistatField($this->db, $this->settings());
    }

    private function layouts(LayoutView $view): Layouts
    {
        return new Layouts($this->settings(), $this->field(), [$view]);
    }

    private function view(): LayoutView
    {
        return new class implements LayoutView {
            public string $name = 'Opportunities/editview';

            public bool $shown = false;

            public bool $custom = false;

            public bool $broken = false;

            public string $print = 'as we made it';

            public int $added = 0;

            public int $removed = 0;

            public int $reset = 0;

            public function key(): string
            {
                return $this->name;
            }

            public function module(): string
            {
                return 'Opportunities';
            }

            public function isCustom(): bool
            {
                return $this->custom;
            }

            public function showsField(): bool
            {
                return $this->shown;
            }

            public function addField(): void
            {
                if ($this->broken) {
                    throw new \Error('a layout of another package');
                }
                $this->added++;
                $this->shown = true;
            }

            public function removeField(): void
            {
                $this->removed++;
                $this->shown = false;
            }

            public function reset(): void
            {
                $this->reset++;
                $this->shown = false;
            }

            public function fingerprint(): string
            {
                return md5($this->print);
            }
        };
    }
}
