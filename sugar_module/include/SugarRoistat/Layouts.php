<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Puts the field on SuiteCRM's edit and detail view, and takes it off the views that it put it on.
 *
 * The platform's own parsers keep whatever an administrator arranged.
 */
final class Layouts
{
    private Settings $settings;

    public function __construct(Settings $settings)
    {
        $this->settings = $settings;
    }

    /**
     * Adds the field once: the platform's addField does not look for it.
     */
    public function add(): void
    {
        $placed = $this->settings->layouts();
        foreach ($this->views() as $view) {
            $parser = $this->parser($view);
            if (!$this->shows($parser)) {
                $this->addRow($parser);
                $parser->handleSave(false);
                $placed[] = $view;
            }
        }
        $this->settings->rememberLayouts($placed);
    }

    /**
     * Leaves a field alone that an administrator placed.
     */
    public function remove(): void
    {
        foreach ($this->settings->layouts() as $view) {
            $parser = $this->parser($view);
            $parser->removeField(RoistatField::NAME);
            $parser->handleSave(false);
        }
    }

    /**
     * @return string[]
     */
    private function views(): array
    {
        require_once 'modules/ModuleBuilder/parsers/constants.php';

        return [MB_EDITVIEW, MB_DETAILVIEW];
    }

    private function parser(string $view): \GridLayoutMetaDataParser
    {
        require_once 'modules/ModuleBuilder/parsers/ParserFactory.php';

        return \ParserFactory::getParser($view, 'Opportunities');
    }

    private function shows(\GridLayoutMetaDataParser $parser): bool
    {
        foreach ($parser->_viewdefs['panels'] as $rows) {
            foreach ($rows as $row) {
                if (in_array(RoistatField::NAME, $row, true)) {
                    return true;
                }
            }
        }

        return false;
    }

    /**
     * A row of its own: beside another field it would narrow that one, and removal would leave a hole there.
     */
    private function addRow(\GridLayoutMetaDataParser $parser): void
    {
        $firstPanel = array_key_first($parser->_viewdefs['panels']);
        $parser->_viewdefs['panels']["$firstPanel"][] = [];
        $parser->addField(['name' => RoistatField::NAME]);
    }
}
