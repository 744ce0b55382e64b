<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The field in the quick and in the full search form, which share their definitions.
 */
final class SearchInputs implements Placement
{
    private const FORMS = ['basic_search', 'advanced_search'];

    private RoistatField $field;

    public function __construct(RoistatField $field)
    {
        $this->field = $field;
    }

    public function isIn(array $defs): bool
    {
        return $this->remove($defs) !== $defs;
    }

    public function add(array $defs): array
    {
        foreach (self::FORMS as $form) {
            if (isset($defs['layout']["$form"])) {
                $defs['layout']["$form"][RoistatField::NAME] = [
                    'name' => RoistatField::NAME,
                    'type' => 'varchar',
                    'label' => $this->field->label('Opportunities'),
                    'width' => '10%',
                    'default' => true,
                ];
            }
        }

        return $defs;
    }

    public function remove(array $defs): array
    {
        foreach (self::FORMS as $form) {
            foreach ($defs['layout']["$form"] ?? [] as $key => $input) {
                $name = is_array($input) ? ($input['name'] ?? $key) : $input;
                if (strtolower((string) $name) === RoistatField::NAME) {
                    unset($defs['layout']["$form"]["$key"]);
                }
            }
        }

        return $defs;
    }
}
