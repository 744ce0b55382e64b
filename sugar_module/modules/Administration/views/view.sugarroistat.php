<?php

declare(strict_types=1);

require_once 'custom/include/SugarRoistat/load.php';

use SugarRoistat\SettingsPage;
use SugarRoistat\SettingsView;

/**
 * The settings page, for administrators only.
 */
class AdministrationViewSugarroistat extends SugarView
{
    /**
     * A posted form is answered with a redirect, so that reloading the page repeats nothing.
     *
     * @param array<string, mixed> $params SugarCRM's; SuiteCRM has none
     */
    public function process($params = [])
    {
        if (($_SERVER['REQUEST_METHOD'] ?? '') === 'POST' && is_admin($GLOBALS['current_user'])) {
            SettingsPage::connect()->post($_POST);
            SugarApplication::redirect(SettingsPage::ADDRESS);
            return;
        }
        parent::process($params);
    }

    public function preDisplay()
    {
        if (!is_admin($GLOBALS['current_user'])) {
            sugar_die('Unauthorized access to administration.');
        }
    }

    public function display()
    {
        $this->ss->assign('title', $this->getModuleTitle(false));
        $this->ss->assign('words', return_module_language($GLOBALS['current_language'], 'Administration'));
        $this->ss->assign('page', SettingsView::connect()->model());
        $this->ss->display('custom/modules/Administration/tpls/sugar_roistat.tpl');
    }

    /**
     * @param bool $browserTitle
     *
     * @return string[]
     */
    protected function _getModuleTitleParams($browserTitle = false)
    {
        return [
            '<a href="index.php?module=Administration&action=index">'
                . translate('LBL_MODULE_NAME', 'Administration') . '</a>',
            translate('LBL_ROISTAT_SETTINGS', 'Administration'),
        ];
    }
}
