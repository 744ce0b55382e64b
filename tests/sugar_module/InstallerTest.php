<?php

declare(strict_types=1);

namespace SugarRoistat\Tests;

use SugarRoistat\Installer;

final class InstallerTest extends CrmTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        require_once 'ModuleInstall/ModuleInstaller.php';
        require_once 'modules/ModuleBuilder/parsers/ParserFactory.php';
        \ModuleInstaller::$fields = [];
        \Administration::$saved = [];
        \GridLayoutMetaDataParser::$stored = [
            'editview' => self::layout(['name', 'amount'], ['description']),
            'detailview' => self::layout(['name', 'amount']),
        ];
    }

    public function test_the_field_is_made_where_it_is_absent(): void
    {
        Installer::install();

        self::assertCount(1, \ModuleInstaller::$fields);
        self::assertSame('roistat_c', \ModuleInstaller::$fields[0]['name']);
        self::assertSame('Opportunities', \ModuleInstaller::$fields[0]['module']);
        self::assertSame(255, \ModuleInstaller::$fields[0]['max_size']);
    }

    public function test_a_field_that_is_there_is_left_as_it_is(): void
    {
        $this->db->rows['FROM fields_meta_data'] = ['id' => 'Opportunitiesroistat_c'];

        Installer::install();

        self::assertSame([], \ModuleInstaller::$fields);
    }

    public function test_the_field_gets_one_row_on_each_view_however_often_it_is_installed(): void
    {
        Installer::install();
        Installer::install();

        self::assertSame(
            [
                'editview' => self::layout(['name', 'amount'], ['description'], ['roistat_c']),
                'detailview' => self::layout(['name', 'amount'], ['roistat_c']),
            ],
            \GridLayoutMetaDataParser::$stored
        );
    }

    public function test_uninstalling_takes_the_field_off_the_views_that_we_put_it_on(): void
    {
        $theirs = self::layout(['roistat_c', 'name']);
        $before = \GridLayoutMetaDataParser::$stored['detailview'];
        \GridLayoutMetaDataParser::$stored['editview'] = $theirs;
        Installer::install();
        self::assertSame([['roistat', 'layouts', 'detailview']], \Administration::$saved);
        $this->db->rows["name = 'layouts'"] = ['value' => 'detailview'];

        Installer::uninstall();

        self::assertSame($before, \GridLayoutMetaDataParser::$stored['detailview']);
        self::assertSame($theirs, \GridLayoutMetaDataParser::$stored['editview'], 'an administrator put it there');
    }

    public function test_uninstalling_restores_both_views(): void
    {
        $before = \GridLayoutMetaDataParser::$stored;
        Installer::install();
        $this->db->rows["name = 'layouts'"] = ['value' => \Administration::$saved[0][2]];

        Installer::uninstall();

        self::assertSame($before, \GridLayoutMetaDataParser::$stored);
    }

    public function test_an_upgrade_remembers_the_views_of_the_first_installation(): void
    {
        \GridLayoutMetaDataParser::$stored = [
            'editview' => self::layout(['roistat_c']),
            'detailview' => self::layout(['roistat_c']),
        ];
        $this->db->rows["name = 'layouts'"] = ['value' => 'editview,detailview'];

        Installer::install();

        self::assertSame([['roistat', 'layouts', 'editview,detailview']], \Administration::$saved);
    }

    public function test_uninstalling_leaves_no_setting_behind(): void
    {
        Installer::uninstall();

        self::assertContains("DELETE FROM config WHERE category = 'roistat'", $this->db->queries);
    }

    /**
     * @param list<string> ...$rows
     *
     * @return array<string, mixed>
     */
    private static function layout(array ...$rows): array
    {
        return ['panels' => ['default' => $rows]];
    }
}
