<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The field as the last column of a list.
 */
final class ListColumn implements Placement
{
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
        $defs[strtoupper(RoistatField::NAME)] = [
            'type' => 'varchar',
            'label' => $this->field->label('Opportunities'),
            'width' => '10%',
            'default' => true,
        ];

        return $defs;
    }

    public function remove(array $defs): array
    {
        foreach ($defs as $name => $column) {
            if (strtolower((string) $name) === RoistatField::NAME) {
                unset($defs["$name"]);
            }
        }

        return $defs;
    }
}
