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
            return change_link($input['deal'], $input);
        case 'save_in_turn':
            return save_in_turn($input['id'], $input['names']);
        case 'save_all':
            return save_all($input['ids'], $input['next_step']);
        case 'delete':
            return delete_record($input['module'], $input['id']);
        case 'restore':
            return restore_record($input['module'], $input['id']);
        case 'stored':
            return BeanFactory::getBean($input['module'], $input['id'])->fetched_row;
        case 'opportunities':
            return describe_opportunities();
        case 'make_field':
            return make_field($input['length'], $input['label']);
        case 'scan':
            return scan_package($input['folder']);
        case 'tables':
            return describe_tables();
        case 'layouts':
            return describe_layouts();
        case 'customise':
            return customise();
        case 'uncustomise':
            return uncustomise();
        case 'drop_field':
            return drop_field($input['name']);
        case 'label_field':
            return label_field($input['label'], $input['text']);
        case 'make_user':
            return make_user($input['name'], $input['password']);
        case 'rebuild_languages':
            return rebuild_languages();
        case 'query':
            return run_query($input['sql']);
        case 'change':
            array_map('run_query', $input['statements']);

            return [];
        case 'send_period':
            return send_period($input['since'], $input['until']);
        case 'cron':
            return run_cron($input['save'] ?? []);
        case 'sweep':
            return sweep();
        case 'many_saves':
            return save_many($input['count'], $input['name']);
        case 'denied_names':
            return denied_names();
        case 'open_api':
            return open_api($input['secret']);
        case 'close_api':
            return close_api();
        case 'make_fields':
            return make_fields($input['types']);
        case 'drop_fields':
            return drop_fields($input['names']);
        case 'prefer':
            return prefer($input);
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
 * Links a contact, or what `link` and `other` say, or takes that link away.
 *
 * @param array<string, mixed> $input
 *
 * @return array<string, mixed>
 */
function change_link(string $deal, array $input): array
{
    $link = $input['link'] ?? 'contacts';
    $other = $input['other'] ?? $input['contact'];
    $bean = BeanFactory::getBean('Opportunities', $deal);
    $bean->load_relationship($link);
    if ($input['remove'] ?? false) {
        $bean->$link->delete($deal, $other);
    } else {
        $bean->$link->add($other, isset($input['role']) ? ['contact_role' => $input['role']] : []);
    }

    return [];
}

/**
 * Saves several deals in one request.
 *
 * @param string[] $ids
 *
 * @return array<string, mixed>
 */
function save_all(array $ids, string $nextStep): array
{
    foreach ($ids as $id) {
        $bean = BeanFactory::getBean('Opportunities', $id);
        $bean->next_step = $nextStep;
        $bean->save();
    }

    return [];
}

/**
 * @return array<string, mixed>
 */
function delete_record(string $module, string $id): array
{
    BeanFactory::getBean($module, $id)->mark_deleted($id);

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
function make_field(int $length, string $label, string $name = 'roistat_c'): array
{
    require_once 'modules/DynamicFields/FieldCases.php';
    $field = get_widget('varchar');
    $field->populateFromRow([
        'name' => $name,
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

/**
 * Brings a deleted record back, as other packages do: no page of the CRM does.
 *
 * @return array<string, mixed>
 */
function restore_record(string $module, string $id): array
{
    BeanFactory::getBean($module, $id, [], false)->mark_undeleted($id);

    return [];
}

/**
 * @return array<int, array<string, mixed>> the rows, as they are stored; none for a change
 */
function run_query(string $sql): array
{
    $result = $GLOBALS['db']->query($sql, true);
    $rows = [];
    while (is_object($result) && $row = $GLOBALS['db']->fetchByAssoc($result, false)) {
        $rows[] = $row;
    }

    return $rows;
}

/**
 * One cycle as cron.php runs it, but for the pause that it wants since the one before.
 *
 * @param array<string, mixed> $save what a job of another package's saves in this cycle, if any
 *
 * @return array<string, mixed>
 */
function run_cron(array $save): array
{
    require_once 'include/SugarQueue/SugarCronJobs.php';
    $GLOBALS['current_user'] = BeanFactory::newBean('Users');
    $GLOBALS['current_user']->getSystemUser();
    $GLOBALS['app_list_strings'] = return_app_list_strings_language('en_us');
    $GLOBALS['app_strings'] = return_application_language('en_us');
    if ($save !== []) {
        $job = new SchedulersJob();
        $job->name = 'A job that saves';
        $job->target = 'class::SuiteCRM\\Custom\\RoistatTests\\SavingJob';
        $job->data = base64_encode(json_encode($save));
        $job->assigned_user_id = '1';
        (new SugarJobQueue())->submitJob($job);
    }
    $cron = new SugarCronJobs();
    $cron->min_interval = 0;
    $cron->runCycle();

    return ['ok' => $cron->runOk()];
}

/**
 * What the scheduler does each minute.
 *
 * @return array<string, mixed>
 */
function sweep(): array
{
    require_once 'custom/include/SugarRoistat/load.php';
    (new SugarRoistat\Sweep(SugarRoistat\Database::connect()))->run();

    return ['megabytes' => memory_get_peak_usage() / 1e6];
}

/**
 * Marks every deal that changed within a period to be sent, as a button of the package's page does.
 *
 * @return array<string, mixed>
 */
function send_period(string $since, string $until): array
{
    require_once 'custom/include/SugarRoistat/load.php';

    return ['marked' => (new SugarRoistat\Outbox(SugarRoistat\Database::connect()))->markPeriod($since, $until)];
}

/**
 * Saves until somebody kills it, or so many times: a new deal twice out of three, else one of its own once more. Says
 * each id as soon as it is saved.
 *
 * @return array<string, mixed>
 */
function save_many(int $count, string $name): array
{
    error_reporting(E_ERROR); // as in production: the CRM's own code warns several times a save
    // Its search index is locked as a whole for each save, and grows slow when writers are killed.
    $GLOBALS['sugar_config']['aod']['enable_aod'] = false;
    $stages = array_keys($GLOBALS['app_list_strings']['sales_stage_dom']);
    $deals = [];
    for ($saved = 0; $saved < $count; $saved++) {
        $bean = BeanFactory::newBean('Opportunities');
        if ($saved % 3 === 2) {
            $bean->retrieve($deals[array_rand($deals)]);
        }
        $bean->name = "$name, save $saved";
        $bean->amount = (string) random_int(1, 99999);
        $bean->sales_stage = $stages[array_rand($stages)];
        $bean->save();
        $deals[] = $bean->id;
        fwrite(STDERR, $bean->id . PHP_EOL);
    }

    return [];
}

/**
 * @return array<string, string[]> the names that the CRM's own scanner refuses
 */
function denied_names(): array
{
    require_once 'ModuleInstall/ModuleScanner.php';
    $scanner = new ModuleScanner();
    $names = [];
    foreach (['isFunction' => 'blackList', 'isClass' => 'classBlackList'] as $kind => $list) {
        $property = new ReflectionProperty($scanner, $list);
        $property->setAccessible(true);
        $names[$kind] = array_values($property->getValue($scanner));
    }

    return $names;
}

/**
 * What an administrator does to open the V8 API: a pair of keys, and a client for each way to log in.
 *
 * @return array<string, string> ids of the clients, by grant
 */
function open_api(string $secret): array
{
    $key = openssl_pkey_new(['private_key_bits' => 2048, 'private_key_type' => OPENSSL_KEYTYPE_RSA]);
    openssl_pkey_export($key, $private);
    $keys = ['private' => $private, 'public' => openssl_pkey_get_details($key)['key']];
    foreach ($keys as $name => $text) {
        file_put_contents("Api/V8/OAuth2/$name.key", $text);
        chmod("Api/V8/OAuth2/$name.key", 0600);
    }
    $ids = [];
    foreach (['password', 'client_credentials'] as $grant) {
        $client = BeanFactory::newBean('OAuth2Clients');
        $client->name = "roistat $grant";
        $client->allowed_grant_type = $grant;
        $client->is_confidential = true;
        $client->duration_value = 3600;
        $client->duration_amount = 1;
        $client->duration_unit = 'hour';
        $client->assigned_user_id = '1';
        $client->save();
        $hash = hash('sha256', $secret);
        $GLOBALS['db']->query("UPDATE oauth2clients SET secret = '$hash' WHERE id = '{$client->id}'");
        $ids[$grant] = $client->id;
    }

    return $ids;
}

/**
 * @return array<string, mixed>
 */
function close_api(): array
{
    array_map('unlink', glob('Api/V8/OAuth2/*.key'));
    $GLOBALS['db']->query("DELETE FROM oauth2clients WHERE name LIKE 'roistat %'");
    $GLOBALS['db']->query('DELETE FROM oauth2tokens');

    return [];
}

/**
 * Makes fields as Studio does.
 *
 * @param array<string, string> $types by name
 *
 * @return array<string, mixed>
 */
function make_fields(array $types): array
{
    require_once 'modules/DynamicFields/FieldCases.php';
    foreach ($types as $name => $type) {
        $field = get_widget($type);
        $field->populateFromRow([
            'name' => $name,
            'label' => 'LBL_' . strtoupper($name),
            'type' => $type,
            'len' => ['decimal' => '18', 'float' => '18', 'int' => '11', 'currency' => '26'][$type] ?? '255',
            'precision' => '4',
            'ext1' => in_array($type, ['enum', 'multienum'], true) ? 'lead_source_dom' : '4',
        ]);
        $custom = BeanFactory::newBean('Opportunities')->custom_fields;
        $custom->use_existing_labels = true;
        $custom->addFieldObject($field);
    }
    rebuild_everything();

    return [];
}

/**
 * @param string[] $names
 *
 * @return array<string, mixed>
 */
function drop_fields(array $names): array
{
    foreach ($names as $name) {
        $fields = new DynamicField('Opportunities');
        $fields->setup(BeanFactory::newBean('Opportunities'));
        $fields->deleteField($name);
        array_map('unlink', glob("custom/Extension/modules/Opportunities/Ext/Vardefs/*_$name.php"));
    }
    rebuild_everything();

    return [];
}

/**
 * Sets preferences of the administrator.
 *
 * @param array<string, string> $preferences
 *
 * @return array<string, mixed>
 */
function prefer(array $preferences): array
{
    $user = BeanFactory::getBean('Users', '1');
    foreach ($preferences as $name => $value) {
        $user->setPreference($name, $value);
    }
    $user->savePreferencesToDB();

    return [];
}

/**
 * Makes a user who is no administrator, unless there is one of that name.
 *
 * @return array<string, mixed>
 */
function make_user(string $name, string $password): array
{
    $user = BeanFactory::newBean('Users');
    $user->retrieve_by_string_fields(['user_name' => $name]);
    $user->user_name = $name;
    $user->last_name = $name;
    $user->status = 'Active';
    $user->is_admin = '0';
    $user->user_hash = User::getPasswordHash($password);
    $user->save();
    $user->setPreference('ut', '1');
    $user->savePreferencesToDB();

    return ['id' => $user->id];
}

/**
 * After config.php named another language.
 *
 * @return array<string, mixed>
 */
function rebuild_languages(): array
{
    require_once 'ModuleInstall/ModuleInstaller.php';
    $installer = new ModuleInstaller();
    $installer->silent = true;
    $installer->rebuild_languages($GLOBALS['sugar_config']['languages']);

    return [];
}

/**
 * @return array<string, mixed> columns and rows of every table
 */
function describe_tables(): array
{
    $db = $GLOBALS['db'];
    $tables = [];
    foreach ($db->getTablesArray() as $table) {
        $rows = [];
        $result = $db->query("SELECT * FROM $table");
        while ($row = $db->fetchByAssoc($result, false)) {
            $rows[] = $row;
        }
        $columns = [$db->get_columns($table), $db->get_indices($table)];
        $tables[$table] = ['columns' => $columns, 'rows' => $rows];
    }

    return $tables;
}

/**
 * @return array<string, mixed> the definitions that the pages are made from
 */
function describe_layouts(): array
{
    require_once 'modules/ModuleBuilder/parsers/ParserFactory.php';
    $layouts = [];
    foreach (['editview', 'detailview', 'quickcreate', 'listview', 'basic_search', 'advanced_search'] as $view) {
        foreach (['Opportunities', 'Leads'] as $module) {
            $layouts["$module/$view"] = ParserFactory::getParser($view, $module)->_viewdefs;
        }
    }

    return $layouts;
}

/**
 * Does what an administrator does in Studio: a field of their own, its label, and layouts with it.
 *
 * @return array<string, mixed>
 */
function customise(): array
{
    require_once 'modules/ModuleBuilder/parsers/ParserFactory.php';
    require_once 'modules/ModuleBuilder/parsers/parser.label.php';
    make_field(50, 'LBL_BRANCH', 'branch_c');
    (new ParserLabel('Opportunities'))->handleSave(['label_LBL_BRANCH' => 'Branch & Co'], 'en_us');
    $edit = ParserFactory::getParser('editview', 'Opportunities');
    $edit->_viewdefs['panels']['LBL_BRANCHES'] = [['branch_c', '(empty)'], ['(filler)', 'next_step']];
    $edit->handleSave(false);
    $list = ParserFactory::getParser('listview', 'Opportunities');
    $list->_viewdefs['branch_c'] = ['label' => 'LBL_BRANCH', 'width' => '7%', 'default' => true];
    $list->handleSave(false);
    rebuild_everything();

    return [];
}

/**
 * @return array<string, mixed>
 */
function uncustomise(): array
{
    foreach (['custom', 'custom/history', 'custom/working'] as $folder) {
        array_map('unlink', glob("$folder/modules/Opportunities/metadata/{edit,list}viewdefs.php*", GLOB_BRACE));
    }

    return drop_field('branch_c');
}

/**
 * @return array<string, mixed>
 */
function drop_field(string $name): array
{
    $fields = new DynamicField('Opportunities');
    $fields->setup(BeanFactory::newBean('Opportunities'));
    $fields->deleteField($name);
    array_map('unlink', glob("custom/Extension/modules/Opportunities/Ext/Vardefs/*_$name.php"));
    array_map('unlink', glob('custom/Extension/modules/Opportunities/Ext/Language/_override_*'));
    // A rebuild leaves those of languages that are switched off by now.
    array_map('unlink', glob('custom/modules/Opportunities/Ext/Language/*.lang.ext.php'));
    rebuild_everything();

    return [];
}

/**
 * @return array<string, mixed>
 */
function label_field(string $label, string $text): array
{
    require_once 'modules/ModuleBuilder/parsers/parser.label.php';
    (new ParserLabel('Opportunities'))->handleSave(["label_$label" => $text], 'en_us');
    rebuild_everything();

    return [];
}

/**
 * Quick Repair and Rebuild, as Studio does it after a change.
 */
function rebuild_everything(): void
{
    require_once 'ModuleInstall/ModuleInstaller.php';
    $installer = new ModuleInstaller();
    $installer->silent = true;
    $installer->rebuild_all(true);
}

print json_encode(run_command($argv[1], json_decode($argv[2], true)), JSON_THROW_ON_ERROR);
