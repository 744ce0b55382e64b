<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * One layout of the CRM, on which the field can stand.
 */
interface LayoutView
{
    /**
     * Names the layout among all others.
     */
    public function key(): string;

    public function module(): string;

    /**
     * Whether the layout was customised, and no longer is the one that the CRM came with.
     */
    public function isCustom(): bool;

    public function showsField(): bool;

    public function addField(): void;

    /**
     * Takes the field away, and leaves no empty row where it was.
     */
    public function removeField(): void;

    /**
     * Makes it the one that the CRM came with.
     */
    public function reset(): void;

    /**
     * The same as long as the layout is.
     */
    public function fingerprint(): string;
}
