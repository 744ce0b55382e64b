<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * A layout of SuiteCRM.
 */
final class SuiteView implements LayoutView
{
    private string $module;

    private string $view;

    private Placement $placement;

    public function __construct(string $module, string $view, Placement $placement)
    {
        $this->module = $module;
        $this->view = $view;
        $this->placement = $placement;
    }

    /**
     * The layouts that get the field.
     *
     * @return self[]
     */
    public static function all(RoistatField $field): array
    {
        return [
            new self('Opportunities', 'editview', new PanelRow('EditView')),
            new self('Opportunities', 'detailview', new PanelRow('DetailView')),
            new self('Opportunities', 'quickcreate', new PanelRow('QuickCreate')),
            new self('Opportunities', 'listview', new ListColumn($field)),
            new self('Opportunities', 'basic_search', new SearchInputs($field)),
            new self('Leads', 'editview', new PanelRow('EditView')),
            new self('Leads', 'detailview', new PanelRow('DetailView')),
        ];
    }

    public function key(): string
    {
        return $this->module . '/' . $this->view;
    }

    public function module(): string
    {
        return $this->module;
    }

    public function isCustom(): bool
    {
        return $this->definitions()->hasCustomDefinitions();
    }

    public function showsField(): bool
    {
        return $this->placement->isIn($this->definitions()->readDefinitions());
    }

    public function addField(): void
    {
        $definitions = $this->definitions();
        $definitions->writeDefinitions($this->placement->add($definitions->readDefinitions()));
    }

    public function removeField(): void
    {
        $definitions = $this->definitions();
        $definitions->writeDefinitions($this->placement->remove($definitions->readDefinitions()));
    }

    public function reset(): void
    {
        $this->definitions()->forgetDefinitions();
    }

    public function fingerprint(): string
    {
        return md5((string) json_encode($this->definitions()->readDefinitions()));
    }

    private function definitions(): SuiteViewDefinitions
    {
        require_once 'modules/ModuleBuilder/parsers/views/DeployedMetaDataImplementation.php';
        require_once 'custom/include/SugarRoistat/SuiteViewDefinitions.php';

        return new SuiteViewDefinitions($this->module, $this->view);
    }
}
