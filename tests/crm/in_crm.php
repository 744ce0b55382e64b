<?php

// Runs one command inside the CRM whose folder is the working directory and prints its result as JSON:
//   php in_crm.php save '{"id": "…", "name": "…"}'    saves an Opportunity, as any code in the CRM would

declare(strict_types=1);

define('sugarEntry', true);
require_once 'include/entryPoint.php';
$GLOBALS['current_user'] = BeanFactory::getBean('Users', '1');

/**
 * @param array<string, mixed> $values
 */
function save_bean(string $module, array $values): SugarBean
{
    $bean = BeanFactory::newBean($module);
    if (isset($values['id']) && $bean->retrieve($values['id']) === null) {
        $bean->new_with_id = true;
    }
    foreach ($values as $name => $value) {
        $bean->$name = $value;
    }
    $bean->save();

    return $bean;
}

/**
 * @param array<string, mixed> $input
 *
 * @return array<string, mixed>
 */
function run_command(string $command, array $input): array
{
    switch ($command) {
        case 'settings':
            foreach ($input as $name => $value) {
                BeanFactory::newBean('Administration')->saveSetting('roistat', $name, $value);
            }

            return [];
        case 'save':
            $started = microtime(true);
            $bean = save_bean($input['module'], $input['values']);
            foreach ($input['links'] ?? [] as $link => $id) {
                $bean->load_relationship($link);
                $bean->$link->add($id);
            }

            return ['id' => $bean->id, 'seconds' => microtime(true) - $started];
        case 'save_nested':
            return save_twice_in_one_request($input);
        case 'field':
            return fields_of_opportunities();
        case 'scan':
            require_once 'ModuleInstall/ModuleScanner.php';
            $scanner = new ModuleScanner();
            $scanner->scanPackage($input['folder']);

            return $scanner->getIssues();
    }
    throw new InvalidArgumentException($command);
}

/**
 * Saves a deal unchanged, then changed, then unchanged once more, all in one request.
 *
 * @param array<string, mixed> $input
 *
 * @return array<string, mixed>
 */
function save_twice_in_one_request(array $input): array
{
    foreach ([$input['before'], $input['before'], $input['after'], $input['before']] as $name) {
        save_bean('Opportunities', ['id' => $input['id'], 'name' => $name, 'date_modified' => $input['date_modified'],
            'update_date_modified' => false]);
    }

    return [];
}

/**
 * @return array<string, mixed>
 */
function fields_of_opportunities(): array
{
    $definition = BeanFactory::newBean('Opportunities')->field_defs['roistat_c'] ?? [];
    $label = return_module_language('en_us', 'Opportunities')[$definition['vname'] ?? ''] ?? null;
    $views = [];
    require_once 'modules/ModuleBuilder/parsers/ParserFactory.php';
    foreach (['editview', 'detailview'] as $view) {
        $views[$view] = ParserFactory::getParser($view, 'Opportunities')->_viewdefs['panels'];
    }

    return [
        'type' => $definition['type'] ?? null,
        'length' => $definition['len'] ?? null,
        'label' => $label,
        'views' => $views,
    ];
}

print json_encode(run_command($argv[1], json_decode($argv[2], true)), JSON_THROW_ON_ERROR);
