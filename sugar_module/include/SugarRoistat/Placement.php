<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * How the field stands in SuiteCRM's definitions of one kind of layout. Nothing else in them changes.
 */
interface Placement
{
    /**
     * @param array<int|string, mixed> $defs
     */
    public function isIn(array $defs): bool;

    /**
     * @param array<int|string, mixed> $defs
     *
     * @return array<int|string, mixed>
     */
    public function add(array $defs): array;

    /**
     * @param array<int|string, mixed> $defs
     *
     * @return array<int|string, mixed>
     */
    public function remove(array $defs): array;
}
