<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * A field's label, kept where Studio keeps it: it stays with the field when the package is disabled or gone.
 */
final class FieldLabel
{
    private const LANGUAGES = ['en_us', 'ru_ru'];

    private string $key;

    private string $text;

    public function __construct(string $key, string $text)
    {
        $this->key = $key;
        $this->text = $text;
    }

    public function write(string $module): void
    {
        require_once 'modules/ModuleBuilder/parsers/parser.label.php';
        $parser = new \ParserLabel($module);
        foreach (self::LANGUAGES as $language) {
            $parser->handleSave(['label_' . $this->key => $this->text], $language);
        }
        self::rebuild($module);
    }

    public function remove(string $module): void
    {
        $folder = 'custom/Extension/modules/' . $module . '/Ext/Language/';
        foreach (self::LANGUAGES as $language) {
            $name = Platform::isSugar() ? $language : '_override_' . $language;
            // It appends the module's name and .php to the path: the name is empty here.
            CustomFiles::installer()->uninstallLabels(
                $folder . $name . '.lang',
                [['module' => '', 'system_label' => $this->key]]
            );
        }
    }

    /**
     * Makes the CRM read a module's labels again, those of a language that is not installed too.
     */
    public static function rebuild(string $module): void
    {
        foreach (self::LANGUAGES as $language) {
            CustomFiles::installer()->rebuild_languages(
                [
                    $language => $language,
                ],
                [
                    $module,
                ]
            );
        }
    }
}
