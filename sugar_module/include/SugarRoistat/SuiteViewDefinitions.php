<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The definitions of a layout, read and written by SuiteCRM's Studio.
 *
 * Its parsers drop what they do not understand, publish the administrator's drafts and fill the history of layouts;
 * what they themselves read and write with does none of it. Names are long here, lest a version of the parent has them.
 */
final class SuiteViewDefinitions extends \DeployedMetaDataImplementation
{
    /**
     * The parent's also loads the administrator's draft.
     */
    public function __construct(string $module, string $view)
    {
        $this->_moduleName = $module;
        $this->_view = $view;
    }

    public function hasCustomDefinitions(): bool
    {
        return $this->_loadFromFile($this->definitionsPath(MB_CUSTOMMETADATALOCATION)) !== null;
    }

    /**
     * @return array<int|string, mixed>
     */
    public function readDefinitions(): array
    {
        return $this->_loadFromFile($this->definitionsPath(MB_CUSTOMMETADATALOCATION))
            ?? $this->_loadFromFile($this->definitionsPath(MB_BASEMETADATALOCATION))
            ?? [];
    }

    /**
     * @param array<int|string, mixed> $definitions loaded before
     */
    public function writeDefinitions(array $definitions): void
    {
        $this->_saveToFile($this->definitionsPath(MB_CUSTOMMETADATALOCATION), $definitions);
        $this->clearTemplates();
    }

    /**
     * Removes the customised ones.
     */
    public function forgetDefinitions(): void
    {
        CustomFiles::remove($this->definitionsPath(MB_BASEMETADATALOCATION));
        CustomFiles::removeEmptyFolder('custom/modules/' . $this->_moduleName . '/metadata');
        $this->clearTemplates();
    }

    private function definitionsPath(string $location): string
    {
        return $this->getFileName($this->_view, $this->_moduleName, null, $location);
    }

    private function clearTemplates(): void
    {
        require_once 'include/TemplateHandler/TemplateHandler.php';
        \TemplateHandler::clearCache($this->_moduleName);
    }
}
