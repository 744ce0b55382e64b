<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * What the CRM says of its Opportunities: their fields, labels and stages.
 */
final class DealModule
{
    public const NAME = 'Opportunities';

    /** Stored encrypted for a reason. */
    private const PRIVATE_TYPES = ['encrypt', 'password'];

    private \SugarBean $bean;

    public function __construct(\SugarBean $bean)
    {
        $this->bean = $bean;
    }

    public static function load(): self
    {
        return new self(\BeanFactory::newBean(self::NAME));
    }

    public function hasCustomFields(): bool
    {
        return (bool) $this->bean->hasCustomFields();
    }

    /**
     * With revenue line items the deal itself moves through sales_status only.
     *
     * @return string sales_stage or sales_status
     */
    public function pipeline(): string
    {
        if (!Platform::isSugar()) {
            return 'sales_stage';
        }
        $settings = \Opportunity::getSettings();

        return ($settings['opps_view_by'] ?? '') === 'RevenueLineItems' ? 'sales_status' : 'sales_stage';
    }

    /**
     * @param array<string, mixed> $row a stored deal
     *
     * @return array<string, string> the type of each field that the row holds and that may be sent
     */
    public function types(array $row): array
    {
        $types = [];
        foreach ($this->bean->field_defs as $name => $definition) {
            if (array_key_exists($name, $row) && $this->isPublic($definition)) {
                $types["$name"] = (string) ($definition['type'] ?? '');
            }
        }

        return $types;
    }

    /**
     * The stored fields that may be sent, with their labels in the CRM's default language.
     *
     * @return array<int, array{name: string, label: string, type: string}>
     */
    public function fields(): array
    {
        $labels = return_module_language($GLOBALS['sugar_config']['default_language'], self::NAME);
        $fields = [];
        foreach ($this->bean->field_defs as $name => $definition) {
            $isStored = in_array($definition['source'] ?? 'db', ['db', 'custom_fields'], true);
            $isList = ($definition['type'] ?? '') === 'link';
            if ($isStored && !$isList && $this->isPublic($definition)) {
                $label = (string) ($labels[$definition['vname'] ?? ''] ?? $name);
                $fields[] = [
                    'name' => (string) $name,
                    'label' => rtrim((string) StoredValue::text($label), ': '),
                    'type' => (string) ($definition['type'] ?? ''),
                ];
            }
        }

        return $fields;
    }

    /**
     * A key's label in the CRM's default language, whoever is logged in; the key itself where it has none.
     *
     * @param mixed $stored a column's value
     */
    public function label(string $field, $stored): string
    {
        $key = (string) StoredValue::text($stored);

        return $this->options($field)["$key"] ?? $key;
    }

    /**
     * The stages of the pipeline in use, in the administrator's order.
     *
     * @return array<int, array{key: string, label: string}>
     */
    public function stages(): array
    {
        $stages = [];
        foreach ($this->options($this->pipeline()) as $key => $label) {
            if ((string) $key !== '') {
                $stages[] = ['key' => (string) $key, 'label' => (string) StoredValue::text($label)];
            }
        }

        return $stages;
    }

    /**
     * @return array<string, string> labels by key
     */
    private function options(string $field): array
    {
        $lists = return_app_list_strings_language($GLOBALS['sugar_config']['default_language']);

        return $lists[$this->bean->field_defs["$field"]['options'] ?? ''] ?? [];
    }

    /**
     * @param array<string, mixed> $definition
     */
    private function isPublic(array $definition): bool
    {
        return !in_array($definition['type'] ?? '', self::PRIVATE_TYPES, true);
    }
}
