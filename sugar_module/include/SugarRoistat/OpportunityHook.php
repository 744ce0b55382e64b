<?php

declare(strict_types=1);

namespace SugarRoistat;

/**
 * Sends a saved deal to the receiver. Nothing that happens here reaches the save.
 */
final class OpportunityHook
{
    /** @var array<string, string> what each deal last looked like in this request: nested saves fire the hook again */
    private static array $seen = [];

    /**
     * Called by the CRM after it stored an Opportunity.
     *
     * @param mixed $arguments an array in SugarCRM, an empty string in SuiteCRM
     */
    public function afterSave(\SugarBean $bean, string $event, $arguments): void
    {
        try {
            $this->send($bean);
        } catch (\Throwable $problem) {
            // Fatal, because the CRM's default log level hides everything else.
            $GLOBALS['log']->fatal('Roistat: deal ' . $bean->id . ' was not sent: ' . self::reason($problem));
        }
    }

    private function send(\SugarBean $bean): void
    {
        $database = new Database(\DBManagerFactory::getInstance());
        $settings = new Settings($database);
        $receiver = $settings->url();
        $secret = $settings->secret();
        if ($receiver === '' || $secret === '') {
            return;
        }
        $event = $this->event($database, $bean);
        if ($event === null || $this->wasSeen($bean, $event)) {
            return;
        }
        $sender = new WebhookSender($receiver, new WebhookSigner($secret));
        $sender->send(self::encode($event));
    }

    /**
     * @return array<string, mixed>|null
     */
    private function event(Database $database, \SugarBean $bean): ?array
    {
        $deal = (new DealReader($database, $bean))->read((string) $bean->id);
        if ($deal === null) {
            return null;
        }

        return DealSnapshot::event($deal, (new ClientReader($database))->clientOf((string) $bean->id));
    }

    /**
     * @param array<string, mixed> $event
     */
    private function wasSeen(\SugarBean $bean, array $event): bool
    {
        $content = hash('sha256', self::encode($event['data']));
        $seen = (self::$seen[$bean->id] ?? '') === $content;
        self::$seen[$bean->id] = $content;

        return $seen;
    }

    /**
     * @param array<string, mixed> $value
     */
    private static function encode(array $value): string
    {
        return json_encode(
            $value,
            JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR
        );
    }

    /**
     * Other people's messages can quote what no log should hold.
     */
    private static function reason(\Throwable $problem): string
    {
        return $problem instanceof NotSent ? $problem->getMessage() : get_class($problem);
    }
}
