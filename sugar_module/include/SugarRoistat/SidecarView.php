<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * A layout of SugarCRM, through its Studio's parsers.
 */
final class SidecarView implements LayoutView
{
    private string $module;

    private string $client;

    private string $view;

    public function __construct(string $module, string $client, string $view)
    {
        $this->module = $module;
        $this->client = $client;
        $this->view = $view;
    }

    /**
     * The layouts that get the field.
     *
     * @return self[]
     */
    public static function all(): array
    {
        return [
            new self('Opportunities', 'base', 'record'),
            new self('Opportunities', 'base', 'list'),
            new self('Opportunities', 'mobile', 'edit'),
            new self('Opportunities', 'mobile', 'detail'),
            new self('Opportunities', 'mobile', 'list'),
            new self('Leads', 'base', 'record'),
        ];
    }

    public function key(): string
    {
        return $this->module . '/' . $this->client . '/' . $this->view;
    }

    public function module(): string
    {
        return $this->module;
    }

    public function isCustom(): bool
    {
        return CustomFiles::mayExist($this->path());
    }

    public function showsField(): bool
    {
        return $this->mentionsField($this->parser()->_viewdefs);
    }

    public function addField(): void
    {
        $parser = $this->parser();
        if ($this->view === 'list') {
            // No place is given: some versions break the list when the field goes anywhere but to its end.
            $parser->addField(RoistatField::NAME, ['default' => true, 'enabled' => true], null);
        } else {
            $parser->addField(['name' => RoistatField::NAME]);
        }
        $parser->handleSave(false);
    }

    public function removeField(): void
    {
        $parser = $this->parser();
        $parser->removeField(RoistatField::NAME);
        $parser->handleSave(false);
    }

    public function reset(): void
    {
        CustomFiles::remove($this->path());
        CustomFiles::removeEmptyFolder('custom/modules/' . $this->module . '/clients');
    }

    public function fingerprint(): string
    {
        return md5((string) json_encode($this->parser()->_viewdefs));
    }

    /**
     * @return mixed the platform's parser, which is another class for each view
     */
    private function parser()
    {
        require_once 'modules/ModuleBuilder/parsers/ParserFactory.php';

        return \ParserFactory::getParser($this->parserName(), $this->module, null, null, $this->client);
    }

    private function parserName(): string
    {
        require_once 'modules/ModuleBuilder/parsers/constants.php';
        switch ($this->client . '/' . $this->view) {
            case 'base/record':
                return MB_RECORDVIEW;
            case 'base/list':
                return MB_LISTVIEW;
            case 'mobile/edit':
                return MB_WIRELESSEDITVIEW;
            case 'mobile/detail':
                return MB_WIRELESSDETAILVIEW;
            default:
                return MB_WIRELESSLISTVIEW;
        }
    }

    private function path(): string
    {
        return 'modules/' . $this->module . '/clients/' . $this->client . '/views/' . $this->view . '/' . $this->view
            . '.php';
    }

    /**
     * @param mixed $definitions
     */
    private function mentionsField($definitions): bool
    {
        if (!is_array($definitions)) {
            return $definitions === RoistatField::NAME;
        }
        foreach ($definitions as $definition) {
            if ($this->mentionsField($definition)) {
                return true;
            }
        }

        return false;
    }
}
