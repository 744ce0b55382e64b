<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * The field in a row of its own, the last of the first panel: beside another field it would narrow that one.
 */
final class PanelRow implements Placement
{
    private string $form;

    /**
     * @param string $form EditView, DetailView or QuickCreate
     */
    public function __construct(string $form)
    {
        $this->form = $form;
    }

    public function isIn(array $defs): bool
    {
        return $this->remove($defs) !== $defs;
    }

    public function add(array $defs): array
    {
        $form = $this->form;
        $first = array_key_first($defs["$form"]['panels']);
        if (is_int($first)) {
            // A layout with one panel may hold its rows themselves.
            $defs["$form"]['panels'][] = [RoistatField::NAME];
        } else {
            $defs["$form"]['panels']["$first"][] = [RoistatField::NAME];
        }

        return $defs;
    }

    public function remove(array $defs): array
    {
        $form = $this->form;
        $panels = $defs["$form"]['panels'];
        if (is_int(array_key_first($panels))) {
            $panels = $this->rowsWithout($panels);
        } else {
            foreach ($panels as $name => $rows) {
                $panels["$name"] = $this->rowsWithout($rows);
                if ($panels["$name"] === [] && $rows !== []) {
                    unset($panels["$name"]);
                }
            }
        }
        $defs["$form"]['panels'] = $panels;

        return $defs;
    }

    /**
     * @param array<int|string, mixed> $rows
     *
     * @return array<int|string, mixed>
     */
    private function rowsWithout(array $rows): array
    {
        $kept = [];
        $isDropped = false;
        foreach ($rows as $index => $row) {
            $without = is_array($row) ? $this->rowWithout($row) : $row;
            if ($without === null) {
                $isDropped = true;
            } else {
                $kept["$index"] = $without;
            }
        }

        return $isDropped ? array_values($kept) : $kept;
    }

    /**
     * @param array<int|string, mixed> $row
     *
     * @return array<int|string, mixed>|null null if nothing else is in it
     */
    private function rowWithout(array $row): ?array
    {
        $others = 0;
        $isChanged = false;
        foreach ($row as $column => $cell) {
            $name = is_array($cell) ? ($cell['name'] ?? '') : $cell;
            if ($name === RoistatField::NAME) {
                $row["$column"] = '';
                $isChanged = true;
            } elseif (!empty($cell)) {
                $others++;
            }
        }
        if ($isChanged && $others === 0) {
            return null;
        }
        // The cells after it keep their places; after the last one there is nothing to keep.
        while ($isChanged && end($row) === '') {
            array_pop($row);
        }

        return $row;
    }
}
