<?php

// Runs one command inside the CRM whose folder is the working directory and prints its result as JSON:
//   php in_crm.php save '{"module": "Opportunities", "values": {"name": "…"}, "links": {}}'

declare(strict_types=1);

define('sugarEntry', true);
require_once 'include/entryPoint.php';
$GLOBALS['current_user'] = BeanFactory::getBean('Users', '1');

/**
 * @param array<string, mixed> $input
 *
 * @return array<string, mixed>
 */
function run_command(string $command, array $input): array
{
    switch ($command) {
        case 'settings':
            return change_settings($input);
        case 'save':
            return save_record($input['module'], $input['values'], $input['links']);
        case 'link':
            return link_contact($input['deal'], $input['contact'], $input['role']);
        case 'save_in_turn':
            return save_in_turn($input['id'], $input['names']);
        case 'stored':
            return BeanFactory::getBean($input['module'], $input['id'])->fetched_row;
        case 'opportunities':
            return describe_opportunities();
        case 'make_field':
            return make_field($input['length'], $input['label']);
        case 'scan':
            return scan_package($input['folder']);
    }
    throw new InvalidArgumentException($command);
}

/**
 * @param array<string, string> $values
 *
 * @return array<string, mixed>
 */
function change_settings(array $values): array
{
    foreach ($values as $name => $value) {
        BeanFactory::newBean('Administration')->saveSetting('roistat', $name, $value);
    }

    return [];
}

/**
 * @param array<string, mixed>  $values
 * @param array<string, string> $links
 *
 * @return array<string, mixed>
 */
function save_record(string $module, array $values, array $links): array
{
    $bean = isset($values['id']) ? BeanFactory::getBean($module, $values['id']) : BeanFactory::newBean($module);
    foreach ($values as $name => $value) {
        $bean->$name = $value;
    }
    $started = microtime(true);
    $bean->save();
    $seconds = microtime(true) - $started;
    foreach ($links as $link => $id) {
        $bean->load_relationship($link);
        $bean->$link->add($id);
    }

    return ['id' => $bean->id, 'seconds' => $seconds];
}

/**
 * @return array<string, mixed>
 */
function link_contact(string $deal, string $contact, string $role): array
{
    $bean = BeanFactory::getBean('Opportunities', $deal);
    $bean->load_relationship('contacts');
    $bean->contacts->add($contact, ['contact_role' => $role]);

    return [];
}

/**
 * Saves one deal several times in one request, keeping its time of change.
 *
 * @param string[] $names
 *
 * @return array<string, mixed>
 */
function save_in_turn(string $id, array $names): array
{
    foreach ($names as $name) {
        $bean = BeanFactory::getBean('Opportunities', $id, ['use_cache' => false]);
        $bean->name = $name;
        $bean->update_date_modified = false;
        $bean->save();
    }

    return [];
}

/**
 * @return array<string, mixed> the field, the views and our settings
 */
function describe_opportunities(): array
{
    require_once 'modules/ModuleBuilder/parsers/ParserFactory.php';
    $field = BeanFactory::newBean('Opportunities')->field_defs['roistat_c'] ?? [];
    $labels = return_module_language('en_us', 'Opportunities');
    $settings = [];
    $result = $GLOBALS['db']->query("SELECT name FROM config WHERE category = 'roistat'");
    while ($row = $GLOBALS['db']->fetchByAssoc($result)) {
        $settings[] = $row['name'];
    }

    return [
        'type' => $field['type'] ?? null,
        'length' => $field['len'] ?? null,
        'label' => $labels[$field['vname'] ?? ''] ?? null,
        'label_key' => $field['vname'] ?? null,
        'settings' => $settings,
        'views' => [
            'editview' => ParserFactory::getParser('editview', 'Opportunities')->_viewdefs['panels'],
            'detailview' => ParserFactory::getParser('detailview', 'Opportunities')->_viewdefs['panels'],
        ],
    ];
}

/**
 * Makes the field, or makes it over, as an administrator does in Studio.
 *
 * @return array<string, mixed>
 */
function make_field(int $length, string $label): array
{
    require_once 'modules/DynamicFields/FieldCases.php';
    $field = get_widget('varchar');
    $field->populateFromRow([
        'name' => 'roistat_c',
        'label' => $label,
        'type' => 'varchar',
        'max_size' => $length,
        'len' => $length,
        'ext4' => '',
    ]);
    $custom = BeanFactory::newBean('Opportunities')->custom_fields;
    $custom->use_existing_labels = true;
    $custom->addFieldObject($field);
    VardefManager::clearVardef('Opportunities', 'Opportunity');

    return [];
}

/**
 * @return array<string, mixed> what the CRM's own scanner says, even where it is switched off
 */
function scan_package(string $folder): array
{
    require_once 'ModuleInstall/ModuleScanner.php';
    $scanner = new ModuleScanner();
    $scanner->scanPackage($folder);

    return $scanner->getIssues();
}

print json_encode(run_command($argv[1], json_decode($argv[2], true)), JSON_THROW_ON_ERROR);
