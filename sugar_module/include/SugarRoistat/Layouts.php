<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Puts the field on the layouts once, and takes it off those that it put it on.
 *
 * An administrator who moves or removes it keeps what they did, through every upgrade. A layout that nobody had
 * customised before, nor has since, is again the one that the CRM came with.
 */
final class Layouts implements Part
{
    private const MEMORY = 'layouts';

    private Settings $settings;

    private RoistatField $field;

    /** @var LayoutView[] */
    private array $views;

    /**
     * @param LayoutView[] $views
     */
    public function __construct(Settings $settings, RoistatField $field, array $views)
    {
        $this->settings = $settings;
        $this->field = $field;
        $this->views = $views;
    }

    public function install(): void
    {
        $placed = $this->placed();
        foreach ($this->views as $view) {
            $key = $view->key();
            try {
                if (!isset($placed["$key"]) && $this->field->exists($view->module()) && !$view->showsField()) {
                    $wasCustom = $view->isCustom();
                    $view->addField();
                    $placed["$key"] = $wasCustom ? '' : $view->fingerprint();
                }
            } catch (\Throwable $problem) {
                Log::failure('the field was not added to ' . $key, $problem);
            }
        }
        $this->remember($placed);
    }

    public function uninstall(): void
    {
        $placed = $this->placed();
        foreach ($this->views as $view) {
            $key = $view->key();
            try {
                if (isset($placed["$key"])) {
                    $this->clear($view, $placed["$key"]);
                }
            } catch (\Throwable $problem) {
                Log::failure('the field was not removed from ' . $key, $problem);
            }
        }
    }

    /**
     * @param string $ours the layout's fingerprint as we made it; empty if we found it customised
     */
    private function clear(LayoutView $view, string $ours): void
    {
        if ($ours !== '' && $view->fingerprint() === $ours) {
            $view->reset();
        } elseif ($view->showsField()) {
            $view->removeField();
        }
    }

    /**
     * @return array<string, string> fingerprints by key
     */
    private function placed(): array
    {
        $placed = [];
        foreach (explode(';', $this->settings->value(self::MEMORY)) as $entry) {
            $parts = explode('=', $entry);
            if (count($parts) === 2) {
                $placed[$parts[0]] = $parts[1];
            }
        }

        return $placed;
    }

    /**
     * @param array<string, string> $placed
     */
    private function remember(array $placed): void
    {
        $entries = [];
        foreach ($placed as $key => $fingerprint) {
            $entries[] = $key . '=' . $fingerprint;
        }
        $this->settings->keep(self::MEMORY, implode(';', $entries));
    }
}
